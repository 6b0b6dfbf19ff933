using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>Shared receive queues and XRC.</summary>
public sealed class SharedQueueTests
{
    [Fact]
    public void Many_queue_pairs_take_from_one_shared_queue_and_its_slots_go_round()
    {
        using var pair = new GuestPair();
        var shared = new GuestSharedQueue(pair.Right, 15);
        var pairs = new List<(GuestQueuePair From, GuestQueuePair To)>();
        for (int index = 0; index < 5; index++)
            pairs.Add(ConnectShared(pair, shared));
        var random = new Random(4);
        var posted = new HashSet<ulong>();
        ulong next = 0;
        for (int round = 0; round < 400; round++)
        {
            while (shared.HasRoom)
            {
                posted.Add(next);
                shared.Post(next, pair.RightMemory.Entry((int)(next % 32) * 256, 100), pair.RightMemory.Entry((int)(next % 32) * 256 + 128, 100));
                next++;
            }
            (GuestQueuePair from, GuestQueuePair to) = pairs[random.Next(pairs.Count)];
            int bytes = random.Next(200);
            random.NextBytes(pair.LeftMemory.Span[..bytes]);
            from.PostSend(pair.Send(bytes, id: (ulong)round));
            WorkCompletion received = pair.RightQueue.WaitSuccess();
            Assert.Equal((ulong)round, pair.LeftQueue.WaitSuccess().Id);
            Assert.Equal((to.Number, (uint)bytes), (received.QueuePair, received.LengthBytes));
            Assert.True(posted.Remove(received.Id), $"{received.Id} completed twice");
            int at = (int)(received.Id % 32) * 256, head = Math.Min(bytes, 100);
            Assert.True(pair.LeftMemory.Span[..head].SequenceEqual(pair.RightMemory.Span.Slice(at, head)));
            Assert.True(pair.LeftMemory.Span[head..bytes].SequenceEqual(pair.RightMemory.Span.Slice(at + 128, bytes - head)));
        }
    }

    [Fact]
    public void Limit_fires_once_when_the_queue_falls_below_it()
    {
        using var pair = new GuestPair();
        var shared = new GuestSharedQueue(pair.Right, 15);
        (GuestQueuePair from, _) = ConnectShared(pair, shared);
        for (ulong id = 0; id < 6; id++)
            shared.Post(id, pair.RightMemory.Entry(0, 64));
        Assert.Equal(Errno.None, pair.Right.Verbs.SetSharedReceiveLimit(shared.Handle, 4));
        Send(pair, from, 2);
        Assert.Null(pair.Right.ReadAsync());
        Send(pair, from, 1);
        AsyncEvent fired = pair.Right.WaitAsync();
        Assert.Equal((AsyncEventType.SharedReceiveQueueLimit, 0x5112UL), (fired.Type, fired.Element));
        Send(pair, from, 2);
        Assert.Null(pair.Right.ReadAsync());
        Assert.Equal(Errno.None, pair.Right.Verbs.QuerySharedReceiveQueue(shared.Handle, out uint most, out _, out uint limit));
        Assert.Equal((15u, 0u), (most, limit));
    }

    [Fact]
    public void Broken_queue_pair_leaves_the_shared_queue_alone_and_says_it_took_its_last()
    {
        using var pair = new GuestPair();
        var shared = new GuestSharedQueue(pair.Right, 15);
        (GuestQueuePair from, GuestQueuePair to) = ConnectShared(pair, shared);
        (GuestQueuePair second, GuestQueuePair sound) = ConnectShared(pair, shared);
        shared.Post(1, pair.RightMemory.Entry(0, 64));
        to.To(QueuePairState.Error);
        AsyncEvent fired = pair.Right.WaitAsync();
        Assert.Equal((AsyncEventType.LastRequestReached, to.Shape.UserHandle), (fired.Type, fired.Element));
        Assert.False(pair.RightQueue.TryPoll(out _));
        second.PostSend(pair.Send(8));
        WorkCompletion got = pair.RightQueue.WaitSuccess();
        Assert.Equal((1UL, sound.Number), (got.Id, got.QueuePair));
        from.Destroy();
        Assert.Equal(1u, to.Destroy().Asynchronous);
        Assert.Equal(Errno.EBUSY, pair.Right.Verbs.DestroySharedReceiveQueue(shared.Handle, out _));
        sound.Destroy();
        shared.Destroy();
    }

    [Fact]
    public void Loops_and_jumps_in_a_hostile_shared_queue_hurt_only_its_owner()
    {
        using var pair = new GuestPair(before: each => (each.RnrTimerCode, each.RnrRetries, each.Retries) = (1, 1, 1));
        var shared = new GuestSharedQueue(pair.Right, 7);
        (GuestQueuePair from, _) = ConnectShared(pair, shared);
        new Random(5).NextBytes(shared.Buffer.Span);
        Raw.Word(shared.RecordAddress) = 0xffffffff;
        from.PostSend(pair.Send(8));
        pair.LeftQueue.Wait();
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        pair.A.PostSend(pair.Send(9));
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void XRC_delivers_to_the_shared_queue_that_the_request_names()
    {
        using var adapter = Adapters.Start();
        using var leftVm = new GuestVm(adapter);
        using var rightVm = new GuestVm(adapter);
        GuestContext left = leftVm.Open(), right = rightVm.Open();
        GuestCompletionQueue sends = left.CreateCompletionQueue(), receives = right.CreateCompletionQueue();
        GuestRegion from = left.Register(4096), to = right.Register(4096);
        Assert.Equal(Errno.None, right.Verbs.OpenXrcDomain(0, 0, 0x40, out uint domain));
        var first = new GuestSharedQueue(right, 7, xrcDomain: domain, xrcQueue: receives);
        var second = new GuestSharedQueue(right, 7, xrcDomain: domain, xrcQueue: receives);
        GuestQueuePair initiator = left.CreateQueuePair(new GuestQueueShape(QueuePairType.XrcSend, sends, sends));
        GuestQueuePair target = right.CreateQueuePair(new GuestQueueShape(QueuePairType.XrcReceive, null, null) { XrcDomain = domain });
        initiator.Connect(rightVm.Lid, target.Number);
        target.Connect(leftVm.Lid, initiator.Number);
        first.Post(1, to.Entry(0, 64));
        second.Post(2, to.Entry(64, 64));
        from.Span[..64].Fill(0x77);
        initiator.PostSend(new SendWork { Opcode = SendOpcode.Send, List = [from.Entry(0, 10)], RemoteSharedQueue = second.Number });
        sends.WaitSuccess();
        Assert.Equal(10u, receives.WaitSuccess().LengthBytes);
        Assert.Equal((0, 0x77), (to.Span[0], to.Span[64]));
        initiator.PostSend(new SendWork { Opcode = SendOpcode.Send, List = [from.Entry(0, 10)], RemoteSharedQueue = first.Number });
        sends.WaitSuccess();
        receives.WaitSuccess();
        Assert.Equal(0x77, to.Span[0]);
        initiator.PostSend(new SendWork { Opcode = SendOpcode.Write, List = [from.Entry(0, 10)], RemoteAddress = to.Address + 200, RemoteKey = to.RemoteKey, RemoteSharedQueue = first.Number });
        sends.WaitSuccess();
        Assert.Equal(0x77, to.Span[200]);
        Assert.Equal(Errno.EBUSY, right.Verbs.CloseXrcDomain(domain));
        initiator.PostSend(new SendWork { Opcode = SendOpcode.Send, List = [from.Entry(0, 10)], RemoteSharedQueue = 0x3fff });
        Assert.NotEqual(0, sends.Wait().Syndrome);
    }

    [Fact]
    public void XRC_target_can_be_joined_by_number_from_another_context()
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        GuestContext first = vm.Open(), second = vm.Open();
        Assert.Equal(Errno.None, first.Verbs.OpenXrcDomain(3, 4, 0x40, out uint domain));
        Assert.Equal(Errno.None, second.Verbs.OpenXrcDomain(3, 4, 0, out uint same));
        GuestQueuePair target = first.CreateQueuePair(new GuestQueueShape(QueuePairType.XrcReceive, null, null) { XrcDomain = domain });
        Assert.Equal(Errno.None, second.Verbs.OpenQueuePair(same, target.Number, 9, out QueueReply joined));
        Assert.Equal(target.Number, joined.Number);
        Assert.NotEqual(Errno.None, second.Verbs.OpenQueuePair(same, target.Number + 1, 9, out _));
    }

    private static (GuestQueuePair From, GuestQueuePair To) ConnectShared(GuestPair pair, GuestSharedQueue shared)
    {
        GuestQueuePair from = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.LeftQueue, pair.LeftQueue));
        GuestQueuePair to = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.RightQueue, pair.RightQueue) { Shared = shared });
        (from.RnrRetries, from.Retries) = (2, 1);
        from.Connect(pair.RightVm.Lid, to.Number);
        to.Connect(pair.LeftVm.Lid, from.Number);
        return (from, to);
    }

    private static void Send(GuestPair pair, GuestQueuePair from, int count)
    {
        for (int index = 0; index < count; index++)
        {
            from.PostSend(pair.Send(8));
            pair.LeftQueue.WaitSuccess();
            pair.RightQueue.WaitSuccess();
        }
    }
}
