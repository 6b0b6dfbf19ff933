using Weft.Fabric.Links;
using Xunit.Abstractions;

namespace Weft.Fabric.Tests.Links;

public sealed class LinkCoreSimulationTests(ITestOutputHelper output)
{
    private const int Steps = 3000;

    /// <summary>Takes for received what the connection took.</summary>
    private sealed class Forgetful(UInt128 local, LinkLimits limits, ILinkSink sink, long nowNs) : LinkCore(local, limits, sink, nowNs)
    {
        private protected override ulong ResumeAt(ulong received, ulong sentMost) => sentMost;
    }

    /// <summary>Goes on with the same daemon though that daemon gave the session up.</summary>
    private sealed class Credulous(UInt128 local, LinkLimits limits, ILinkSink sink, long nowNs) : LinkCore(local, limits, sink, nowNs)
    {
        private protected override bool IsSameSession(in LinkHello hello, UInt128 peer) => hello.Instance == peer;
    }

    [Fact]
    public void Messages_arrive_once_and_in_order_when_connections_are_lost_at_any_byte()
    {
        long delivered = 0, resumptions = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            LinkSimulation simulation = Run(seed, breaks: false, static (local, limits, sink, now) => new LinkCore(local, limits, sink, now));
            delivered += simulation.Delivered;
            resumptions += simulation.Resumptions;
        }
        output.WriteLine($"{delivered} messages, {resumptions} resumptions");
        Assert.True(delivered > 50_000 && resumptions > 1000, $"the simulation does too little: {delivered}, {resumptions}");
    }

    [Fact]
    public void Restarts_and_time_outs_break_sessions_cleanly()
    {
        long delivered = 0, breaks = 0;
        for (int seed = 1000; seed < 1200; seed++)
        {
            LinkSimulation simulation = Run(seed, breaks: true, static (local, limits, sink, now) => new LinkCore(local, limits, sink, now));
            delivered += simulation.Delivered;
            breaks += simulation.Breaks;
        }
        output.WriteLine($"{delivered} messages, {breaks} breaks");
        Assert.True(delivered > 50_000 && breaks > 500, $"the simulation does too little: {delivered}, {breaks}");
    }

    [Fact]
    public void A_link_that_trusts_the_socket_is_caught() =>
        Assert.True(IsCaught(breaks: false, static (local, limits, sink, now) => new Forgetful(local, limits, sink, now)));

    [Fact]
    public void A_link_that_goes_on_with_another_session_is_caught() =>
        Assert.True(IsCaught(breaks: true, static (local, limits, sink, now) => new Credulous(local, limits, sink, now)));

    private static bool IsCaught(bool breaks, Func<UInt128, LinkLimits, ILinkSink, long, LinkCore> make)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            try
            {
                new LinkSimulation(seed, breaks, make).Run(Steps);
            }
            catch (LinkViolation)
            {
                return true;
            }
        }
        return false;
    }

    private static LinkSimulation Run(int seed, bool breaks, Func<UInt128, LinkLimits, ILinkSink, long, LinkCore> make)
    {
        LinkSimulation simulation = new(seed, breaks, make);
        try
        {
            simulation.Run(Steps);
        }
        catch (LinkViolation violation)
        {
            Assert.Fail($"seed {seed}: {violation.Message}");
        }
        return simulation;
    }
}
