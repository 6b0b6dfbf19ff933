using Weft.Adapter.Remote;

namespace Weft.Adapter.Tests.Protocols;

/// <summary>Reliable connections between hosts, with every kind of request, under seeded losses, delays and ends of sessions.</summary>
public sealed class ReliableProtocolTests
{
    private const int Seeds = 25;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Requests_are_done_once_and_in_order_or_fail(bool breaks)
    {
        int completions = 0, broken = 0;
        long resumptions = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            using ReliableSimulation simulation = new(seed, breaks, adapter => new RemoteResponder(adapter));
            Exception? violation = Record.Exception(simulation.Run);
            Assert.True(violation is null, $"seed {seed}: {violation}");
            completions += simulation.Checked;
            broken += simulation.Breaks;
            resumptions += simulation.Resumptions;
        }
        Assert.True(completions > Seeds * 100 && resumptions > Seeds && (!breaks || broken > Seeds / 2),
            $"the simulation shows little: {completions} completions, {resumptions} connections lost and made again, {broken} broken pairs");
    }

    [Fact]
    public void A_responder_that_takes_requests_in_any_order_is_caught() => Assert.Contains(Enumerable.Range(1, Seeds), seed =>
    {
        using ReliableSimulation simulation = new(seed, breaks: false, adapter => new Careless(adapter));
        return Record.Exception(simulation.Run) is ProtocolViolationException;
    });

    /// <summary>After a refused request it takes what followed, which was to be dropped and sent again.</summary>
    private sealed class Careless(VirtualAdapter adapter) : RemoteResponder(adapter)
    {
        protected override bool IsExpected(RemoteAnswers answers, in RemoteHeader header)
        {
            if (header.Has(RemoteFlags.First))
                (answers.HasBegun, answers.HasRefused, answers.Progress, answers.Expected) = (true, false, 0, header.Number);
            return true;
        }
    }
}
