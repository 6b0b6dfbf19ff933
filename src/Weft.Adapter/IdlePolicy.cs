namespace Weft.Adapter;

/// <summary>
/// When an engine without work spins, steps aside and sleeps: a pure state machine over the time without work. It spins
/// for as long as a sleep and a wake-up cost, longer while sleeps turn out to be short.
/// </summary>
internal sealed class IdlePolicy(EngineMode mode)
{
    /// <summary>Where others want its core, an engine spins only for a peer that answers at once.</summary>
    private const double CrowdedSpinUs = 2;

    private const double CrowdedSleepUs = 5000, EventSpinUs = 20, PollSleepUs = 1e6;
    private const double NapPart = 0.25, NsPerUs = 1000, ShortestNapNs = 5000, LongestNapNs = 250_000;
    private const double ShortestSpinUs = 500, LongestSpinUs = 4000;

    /// <summary>For how long it spins before it sleeps.</summary>
    internal double SpinUs { get; private set; } = ShortestSpinUs;

    /// <summary>The next step.</summary>
    /// <param name="idleUs">For how long nothing moved.</param>
    /// <param name="isCrowded">Whether others want the engine's core.</param>
    /// <param name="hasContexts">Whether anybody could post at all.</param>
    internal IdleStep Next(double idleUs, bool isCrowded, bool hasContexts)
    {
        bool sleeps = mode switch
        {
            EngineMode.Poll => !hasContexts && idleUs > PollSleepUs,
            EngineMode.Event => idleUs > EventSpinUs,
            _ => idleUs > (isCrowded ? CrowdedSleepUs : SpinUs),
        };
        if (sleeps)
            return IdleStep.Sleep;
        return isCrowded && idleUs > CrowdedSpinUs ? IdleStep.StepAside : IdleStep.Spin;
    }

    /// <summary>How long to step aside: a part of the time that passed without work, so that it costs little and delays little.</summary>
    internal static long NapNs(double idleUs) => (long)Math.Clamp(idleUs * NapPart * NsPerUs, ShortestNapNs, LongestNapNs);

    /// <summary>A sleep is over: one that was shorter than its spins was hardly worth its cost.</summary>
    internal void Slept(double durationUs) => SpinUs = durationUs < 2 * SpinUs
        ? Math.Min(SpinUs * 2, LongestSpinUs)
        : Math.Max(SpinUs / 2, ShortestSpinUs);
}
