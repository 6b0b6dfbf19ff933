using Weft.Adapter.Remote;
using Weft.Adapter.Tests.Guest;

namespace Weft.Adapter.Tests.Protocols;

/// <summary>What another host's engine says is as hostile as what a guest writes.</summary>
public sealed class LyingPeerTests
{
    [Fact]
    public void Lies_of_another_host_harm_only_those_who_talk_to_it()
    {
        const int runs = 20;
        int first = Random.Shared.Next();
        for (int seed = first; seed < first + runs; seed++)
        {
            Exception? failure = Record.Exception(() => RunOne(seed));
            Assert.True(failure is null, $"seed {seed}: {failure}");
        }
    }

    private static void RunOne(int seed)
    {
        using ReliableSimulation simulation = new(seed, breaks: true, adapter => new RemoteResponder(adapter), (random, sink) => new LyingPeer(random, sink));
        (GuestBuffer memory, VirtualAdapter host) = simulation.Bystander(0);
        memory.Span.Fill(0x5a);
        using GuestVm left = new(host, 32 << 20), right = new(host, 32 << 20);
        using GuestPair bystanders = new(host, left, right);
        simulation.RunHostile();
        Assert.False(memory.Span.ContainsAnyExcept((byte)0x5a), "memory that nobody registered was written");
        bystanders.LeftMemory.Span[..100].Fill(7);
        bystanders.A.PostSend(bystanders.Remote(SendOpcode.Write, 100));
        simulation.Turns(0, 100);
        Assert.True(bystanders.LeftQueue.TryPoll(out WorkCompletion completion) && completion.IsSuccess, "a pair within the host doesn't work any more");
        Assert.False(bystanders.RightMemory.Span[..100].ContainsAnyExcept((byte)7));
    }
}
