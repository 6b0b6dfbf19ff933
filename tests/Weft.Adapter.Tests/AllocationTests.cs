using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;

namespace Weft.Adapter.Tests;

/// <summary>The data path allocates nothing.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationTests
{
    [Theory]
    [InlineData(QueuePairType.ReliableConnection)]
    [InlineData(QueuePairType.UnreliableDatagram)]
    public void Messages_allocate_nothing(QueuePairType type)
    {
        using var pair = new GuestPair(type);
        ScatterEntry[] target = [pair.RightMemory.Entry(0, 8192)];
        SendWork send = pair.Send(1000);
        send.Datagram = new DatagramAddress(pair.RightVm.Lid, pair.B.Number, 0x11111111);
        SendWork read = pair.Remote(SendOpcode.Read, 500), add = pair.Remote(SendOpcode.FetchAdd, 8);
        void Exchange(int count)
        {
            for (int index = 0; index < count; index++)
            {
                pair.B.PostReceive(1, target);
                pair.A.PostSend(send);
                Take(pair.RightQueue);
                Take(pair.LeftQueue);
                if (type == QueuePairType.UnreliableDatagram)
                    continue;
                pair.A.PostSend(read);
                Take(pair.LeftQueue);
                pair.A.PostSend(add);
                Take(pair.LeftQueue);
            }
        }

        Exchange(2000);
        // The whole process's: the engine's thread is among it. Background work of the runtime may allocate a little.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Exchange(2000);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.InRange(least, 0, 2000);
    }

    private static void Take(GuestCompletionQueue queue)
    {
        WorkCompletion completion;
        for (int round = 0; !queue.TryPoll(out completion); round++)
            Host.Relax(Math.Min(round, 1000));
        if (!completion.IsSuccess)
            throw new InvalidOperationException(completion.ToString());
    }
}
