namespace Weft.Adapter;

/// <summary>When an engine without work spins, steps aside and sleeps. Pure.</summary>
internal static class IdlePolicy
{
    private const double SpinUs = 1000, SpinUnderPressureUs = 3, StepAsideUs = 5000, PollSleepUs = 1e6, EventSpinUs = 20;

    /// <summary>The next step.</summary>
    /// <param name="mode">How the engine was told to work.</param>
    /// <param name="idleUs">For how long nothing moved.</param>
    /// <param name="spinners">VMs that did something lately, and so may spin on their queues.</param>
    /// <param name="cores">Cores of the host.</param>
    internal static IdleStep Next(EngineMode mode, double idleUs, int spinners, int cores) => mode switch
    {
        EngineMode.Poll => spinners == 0 && idleUs > PollSleepUs ? IdleStep.Sleep : IdleStep.Spin,
        EngineMode.Event => idleUs > EventSpinUs ? IdleStep.Sleep : IdleStep.Spin,
        _ when spinners >= cores => idleUs < SpinUnderPressureUs ? IdleStep.Spin : idleUs < StepAsideUs ? IdleStep.StepAside : IdleStep.Sleep,
        _ => idleUs < SpinUs ? IdleStep.Spin : IdleStep.Sleep,
    };
}
