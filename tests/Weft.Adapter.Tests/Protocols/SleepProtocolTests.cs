namespace Weft.Adapter.Tests.Protocols;

/// <summary>The order in which an engine falls asleep, under every order of everybody's steps that some thousand seeds give.</summary>
public sealed class SleepProtocolTests
{
    private const int Seeds = 1500;

    [Fact]
    public void No_order_of_steps_loses_a_wake_up()
    {
        int sleeps = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            SleepSimulation simulation = new(seed, new SleepProtocol());
            Assert.True(simulation.Run(), $"seed {seed}: the engine sleeps beside a posted request, or doesn't sleep");
            sleeps += simulation.Sleeps;
        }
        Assert.True(sleeps > Seeds, "the engine hardly sleeps: the simulation shows nothing");
    }

    [Fact]
    public void A_protocol_that_does_not_look_again_is_caught() => AssertCaught(seed => new(seed, new Hasty()));

    [Fact]
    public void A_protocol_that_trusts_a_stopped_VM_is_caught() => AssertCaught(seed => new(seed, new Trusting()));

    [Fact]
    public void An_engine_that_waits_for_no_answer_is_caught() => AssertCaught(seed => new(seed, new SleepProtocol(), waitsForAnswers: false));

    private static void AssertCaught(Func<int, SleepSimulation> make) =>
        Assert.Contains(Enumerable.Range(0, Seeds), seed => !make(seed).Run());

    /// <summary>Sleeps as soon as the pages trap: what was posted just before rings nothing.</summary>
    private sealed class Hasty : SleepProtocol
    {
        protected override SleepStep After(SleepStep step, bool outcome, bool allTrap) =>
            step == SleepStep.Fence ? SleepStep.Wait : base.After(step, outcome, allTrap);
    }

    /// <summary>Sleeps for good though some VM's page may not trap yet.</summary>
    private sealed class Trusting : SleepProtocol
    {
        protected override SleepStep After(SleepStep step, bool outcome, bool allTrap) => base.After(step, outcome, allTrap: true);
    }
}
