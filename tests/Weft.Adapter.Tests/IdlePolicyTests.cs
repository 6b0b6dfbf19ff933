namespace Weft.Adapter.Tests;

/// <summary>When an engine without work spins, steps aside and sleeps.</summary>
public sealed class IdlePolicyTests
{
    private const double Long = 1000;

    [Fact]
    public void With_short_bursts_on_a_crowded_linked_host_it_sleeps_at_once_after_what_went_out()
    {
        IdlePolicy policy = ShortBursts(new IdlePolicy(EngineMode.Auto, isLinked: true));
        Assert.Equal(IdleStep.Sleep, policy.Next(0.1, isCrowded: true, hasContexts: true, Long));
    }

    [Fact]
    public void And_spins_for_as_long_as_an_answer_takes_after_what_came_in()
    {
        IdlePolicy policy = ShortBursts(new IdlePolicy(EngineMode.Auto, isLinked: true));
        Assert.Equal(IdleStep.Spin, policy.Next(1, isCrowded: true, hasContexts: true, 1));
        Assert.Equal(IdleStep.Sleep, policy.Next(5, isCrowded: true, hasContexts: true, 5));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Where_it_is_not_crowded_or_not_linked_deliveries_change_nothing(bool isLinked, bool isCrowded)
    {
        IdlePolicy policy = ShortBursts(new IdlePolicy(EngineMode.Auto, isLinked));
        Assert.Equal(IdleStep.Spin, policy.Next(1, isCrowded, hasContexts: true, Long));
        Assert.Equal(isCrowded ? IdleStep.StepAside : IdleStep.Spin, policy.Next(100, isCrowded, hasContexts: true, Long));
    }

    [Fact]
    public void A_long_burst_ends_it()
    {
        IdlePolicy policy = ShortBursts(new IdlePolicy(EngineMode.Auto, isLinked: true));
        policy.Worked(100);
        Assert.Equal(IdleStep.Spin, policy.Next(1, isCrowded: true, hasContexts: true, Long));
    }

    private static IdlePolicy ShortBursts(IdlePolicy policy)
    {
        for (int burst = 0; burst < 100; burst++)
            policy.Worked(1);
        return policy;
    }
}
