using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>The transition tables of the InfiniBand specification, volume 1, 11.2.5.</summary>
public sealed class StateTests
{
    public static TheoryData<QueuePairType> Types =>
        [QueuePairType.ReliableConnection, QueuePairType.UnreliableConnection, QueuePairType.UnreliableDatagram];

    [Theory]
    [MemberData(nameof(Types))]
    public void Each_required_attribute_is_required(QueuePairType type)
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        GuestContext context = vm.Open();
        GuestCompletionQueue queue = context.CreateCompletionQueue();
        GuestQueuePair pair = context.CreateQueuePair(new GuestQueueShape(type, queue, queue));
        foreach ((QueuePairState state, uint mask) in new[]
                 {
                     (QueuePairState.Init, pair.InitMask), (QueuePairState.ReadyToReceive, pair.ReadyToReceiveMask), (QueuePairState.ReadyToSend, pair.ReadyToSendMask),
                 })
        {
            for (uint bit = 2; bit != 0 && bit <= mask; bit <<= 1)
            {
                if ((mask & bit) != 0)
                    Assert.Equal((bit, Errno.EINVAL), (bit, pair.Modify(mask & ~bit, pair.Attributes(state, vm.Lid, pair.Number))));
            }
            pair.To(state, vm.Lid, pair.Number);
            Assert.Equal(state, pair.Query().State);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Foreign_attributes_are_refused(QueuePairType type)
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        GuestContext context = vm.Open();
        GuestCompletionQueue queue = context.CreateCompletionQueue();
        GuestQueuePair pair = context.CreateQueuePair(new GuestQueueShape(type, queue, queue));
        Assert.Equal(Errno.EINVAL, pair.Modify(pair.InitMask | GuestQueuePair.SendPsn, pair.Attributes(QueuePairState.Init)));
        Assert.Equal(Errno.EINVAL, pair.Modify(pair.InitMask | (type == QueuePairType.UnreliableDatagram ? GuestQueuePair.AccessFlags : GuestQueuePair.QueueKey), pair.Attributes(QueuePairState.Init)));
        pair.To(QueuePairState.Init);
        Assert.Equal(Errno.EINVAL, pair.Modify(pair.ReadyToReceiveMask | GuestQueuePair.SendPsn, pair.Attributes(QueuePairState.ReadyToReceive, vm.Lid, 2)));
    }

    [Fact]
    public void Transitions_that_the_specification_lacks_are_refused()
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        GuestContext context = vm.Open();
        GuestCompletionQueue queue = context.CreateCompletionQueue();
        (QueuePairState From, QueuePairState To)[] refused =
        [
            (QueuePairState.Reset, QueuePairState.ReadyToReceive), (QueuePairState.Reset, QueuePairState.ReadyToSend), (QueuePairState.Reset, QueuePairState.SendQueueDrained),
            (QueuePairState.Init, QueuePairState.ReadyToSend), (QueuePairState.Init, QueuePairState.SendQueueDrained),
            (QueuePairState.ReadyToReceive, QueuePairState.Init), (QueuePairState.ReadyToReceive, QueuePairState.ReadyToReceive), (QueuePairState.ReadyToReceive, QueuePairState.SendQueueDrained),
            (QueuePairState.ReadyToSend, QueuePairState.Init), (QueuePairState.ReadyToSend, QueuePairState.ReadyToReceive),
            (QueuePairState.Error, QueuePairState.Init), (QueuePairState.Error, QueuePairState.ReadyToReceive), (QueuePairState.Error, QueuePairState.ReadyToSend),
        ];
        foreach ((QueuePairState from, QueuePairState to) in refused)
        {
            GuestQueuePair pair = context.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, queue, queue));
            if (from is QueuePairState.Init or QueuePairState.ReadyToReceive or QueuePairState.ReadyToSend)
                pair.To(QueuePairState.Init);
            if (from is QueuePairState.ReadyToReceive or QueuePairState.ReadyToSend)
                pair.To(QueuePairState.ReadyToReceive, vm.Lid, pair.Number);
            if (from is QueuePairState.ReadyToSend)
                pair.To(QueuePairState.ReadyToSend);
            if (from is QueuePairState.Error)
                pair.To(QueuePairState.Error);
            uint mask = to switch
            {
                QueuePairState.Init => pair.InitMask,
                QueuePairState.ReadyToReceive => pair.ReadyToReceiveMask,
                QueuePairState.ReadyToSend => pair.ReadyToSendMask,
                _ => GuestQueuePair.State,
            };
            Assert.Equal((from, to, Errno.EINVAL), (from, to, context.Verbs.ModifyQueuePair(pair.Handle, mask, pair.Attributes(to, vm.Lid, pair.Number))));
            Assert.Equal(from, pair.Query().State);
        }
    }

    [Fact]
    public void Every_state_may_end_in_reset_or_error()
    {
        using var adapter = Adapters.Start();
        using var vm = new GuestVm(adapter);
        GuestContext context = vm.Open();
        GuestCompletionQueue queue = context.CreateCompletionQueue();
        GuestQueuePair pair = context.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, queue, queue));
        for (int steps = 0; steps <= 4; steps++)
        {
            foreach (QueuePairState end in new[] { QueuePairState.Reset, QueuePairState.Error })
            {
                if (steps > 0)
                    pair.To(QueuePairState.Init);
                if (steps > 1)
                    pair.To(QueuePairState.ReadyToReceive, vm.Lid, pair.Number);
                if (steps > 2)
                    pair.To(QueuePairState.ReadyToSend);
                if (steps > 3)
                    pair.To(QueuePairState.SendQueueDrained);
                pair.To(end);
                Assert.Equal(end, pair.Query().State);
                pair.To(QueuePairState.Reset);
            }
        }
    }

    [Fact]
    public void Query_returns_what_was_set()
    {
        using var pair = new GuestPair();
        QueuePairAttributes attributes = pair.A.Query();
        Assert.Equal((QueuePairState.ReadyToSend, pair.B.Number, pair.RightVm.Lid, 3u, 3u), (attributes.State, attributes.DestinationQueuePair, attributes.Path.Lid, attributes.SendPsn, attributes.ReceivePsn));
        Assert.Equal((5, 16, 16, 1, 8, 2, 7), (attributes.PathMtu, attributes.MostReadsIn, attributes.MostReadsOut, attributes.RnrTimer, attributes.Timeout, attributes.RetryCount, attributes.RnrRetry));
        Assert.Equal(Errno.None, pair.Left.Verbs.QueryQueuePair(pair.A.Handle, out _, out QueuePairCapacities capacities));
        Assert.Equal(((uint)pair.A.ReceiveCount, 4u), (capacities.ReceiveRequests, capacities.ReceiveSegments));
    }

    [Fact]
    public void Posts_before_RTS_wait_and_are_sent_then()
    {
        using var pair = new GuestPair();
        pair.A.To(QueuePairState.Reset);
        pair.A.To(QueuePairState.Init);
        pair.A.To(QueuePairState.ReadyToReceive, pair.RightVm.Lid, pair.B.Number);
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        Thread.Sleep(20);
        Assert.False(pair.LeftQueue.TryPoll(out _));
        pair.A.To(QueuePairState.ReadyToSend);
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Drained_queue_holds_its_sends_says_so_and_goes_on()
    {
        using var pair = new GuestPair();
        QueuePairAttributes drain = pair.A.Attributes(QueuePairState.SendQueueDrained);
        drain.WantsDrainEvent = 1;
        Assert.Equal(Errno.None, pair.A.Modify(GuestQueuePair.State | GuestQueuePair.DrainEvent, drain));
        Assert.Equal(AsyncEventType.SendQueueDrained, pair.Left.WaitAsync().Type);
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        Thread.Sleep(20);
        Assert.False(pair.LeftQueue.TryPoll(out _));
        Assert.Equal(Errno.None, pair.A.Modify(GuestQueuePair.State, pair.A.Attributes(QueuePairState.ReadyToSend)));
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Queue_pair_that_never_passed_INIT_flushes_nothing()
    {
        using var pair = new GuestPair();
        GuestQueuePair fresh = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.LeftQueue, pair.LeftQueue));
        fresh.To(QueuePairState.Error);
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        pair.LeftQueue.WaitSuccess();
        Thread.Sleep(10);
        Assert.False(pair.LeftQueue.TryPoll(out _));
    }

    [Fact]
    public void Queue_pair_is_as_new_after_reset()
    {
        using var pair = new GuestPair();
        for (int round = 0; round < 20; round++)
        {
            for (int index = 0; index < 3 + round; index++)
            {
                pair.B.PostReceive((ulong)index, pair.RightMemory.Entry(0, 64));
                pair.A.PostSend(pair.Send(16, id: (ulong)index));
                Assert.Equal((ulong)index, pair.RightQueue.WaitSuccess().Id);
                Assert.Equal((ulong)index, pair.LeftQueue.WaitSuccess().Id);
            }
            pair.B.PostReceive(9, pair.RightMemory.Entry(0, 64));
            pair.A.To(QueuePairState.Reset);
            pair.B.To(QueuePairState.Reset);
            pair.A.Connect(pair.RightVm.Lid, pair.B.Number);
            pair.B.Connect(pair.LeftVm.Lid, pair.A.Number);
        }
    }
}
