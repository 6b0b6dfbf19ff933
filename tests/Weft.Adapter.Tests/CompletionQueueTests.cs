using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>Completion queues: wrap, overrun, resizing, events.</summary>
public sealed class CompletionQueueTests
{
    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    public void Small_queue_wraps_many_times(int entryBytes)
    {
        using var pair = new GuestPair();
        GuestCompletionQueue small = pair.Left.CreateCompletionQueue(3, entryBytes: entryBytes);
        GuestQueuePair from = Another(pair, small);
        for (ulong id = 0; id < 100; id++)
        {
            from.PostSend(pair.Remote(SendOpcode.Write, 8, id: id));
            if (id % 3 == 2)
            {
                for (ulong each = id - 2; each <= id; each++)
                    Assert.Equal(each, small.WaitSuccess().Id);
            }
        }
    }

    [Fact]
    public void Overrun_is_an_event_and_overwrites_nothing()
    {
        using var pair = new GuestPair();
        GuestCompletionQueue small = pair.Left.CreateCompletionQueue(3, userHandle: 99);
        GuestQueuePair from = Another(pair, small);
        for (ulong id = 0; id < 8; id++)
            from.Stage(pair.Remote(SendOpcode.Write, 8, id: id));
        from.Ring();
        AsyncEvent fired = pair.Left.WaitAsync();
        Assert.Equal((AsyncEventType.CompletionQueueError, 99UL), (fired.Type, fired.Element));
        Host.Until(() => from.Query().State == QueuePairState.Error, "the queue pair to break");
        for (ulong id = 0; id < 3; id++)
            Assert.Equal(id, small.WaitSuccess().Id);
        from.Destroy();
        Assert.Equal(1u, small.Destroy().Asynchronous);
        // Others go on.
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Resizing_under_traffic_loses_and_doubles_nothing()
    {
        const int seed = 77;
        using var pair = new GuestPair();
        GuestCompletionQueue queue = pair.Left.CreateCompletionQueue(63);
        GuestQueuePair from = Another(pair, queue);
        var random = new Random(seed);
        ulong posted = 0, seen = 0;
        int[] sizes = [31, 63, 127, 255];
        for (int round = 0; round < 200; round++)
        {
            for (int count = random.Next(20); count > 0 && from.HasSendRoom && posted - seen < 28; count--)
                from.PostSend(pair.Remote(SendOpcode.Write, 8, id: posted++));
            Assert.Equal(Errno.None, queue.Resize(sizes[random.Next(sizes.Length)]));
            for (int count = random.Next(30); count > 0 && queue.TryPoll(out WorkCompletion completion); count--)
                Assert.Equal((seen++, (byte)0), (completion.Id, completion.Syndrome));
        }
        while (seen < posted)
            Assert.Equal(seen++, queue.WaitSuccess().Id);
    }

    [Fact]
    public void Resizing_below_what_is_unread_is_refused()
    {
        using var pair = new GuestPair();
        GuestCompletionQueue queue = pair.Left.CreateCompletionQueue(63);
        GuestQueuePair from = Another(pair, queue);
        for (ulong id = 0; id < 20; id++)
            from.PostSend(pair.Remote(SendOpcode.Write, 8, id: id));
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        pair.LeftQueue.WaitSuccess();
        Host.Until(() => queue.HasEntry(19), "twenty entries");
        Assert.Equal(Errno.EINVAL, queue.Resize(15));
        for (ulong id = 0; id < 20; id++)
            Assert.Equal(id, queue.WaitSuccess().Id);
    }

    [Fact]
    public void Armed_queue_fires_once_for_each_arming()
    {
        using var pair = new GuestPair();
        using var channel = new GuestChannel(pair.Left);
        GuestCompletionQueue queue = pair.Left.CreateCompletionQueue(63, channel.Handle, 0xabc);
        GuestQueuePair from = Another(pair, queue);
        Assert.Equal(Errno.EBUSY, channel.Destroy());
        from.PostSend(pair.Remote(SendOpcode.Write, 8));
        Host.Until(() => queue.HasEntry(0), "the entry");
        Assert.Null(channel.Read());
        // Arming after the completion came is the usual race: it fires at once.
        queue.Arm();
        Assert.Equal(0xabcUL, channel.Wait());
        queue.EventTaken();
        queue.WaitSuccess();
        for (int round = 0; round < 50; round++)
        {
            queue.Arm();
            queue.Arm();
            from.PostSend(pair.Remote(SendOpcode.Write, 8));
            from.PostSend(pair.Remote(SendOpcode.Write, 8));
            Assert.Equal(0xabcUL, channel.Wait());
            queue.EventTaken();
            queue.WaitSuccess();
            queue.WaitSuccess();
            Assert.Null(channel.Read());
        }
        from.Destroy();
        Assert.Equal(51u, queue.Destroy().Completion);
        Assert.Equal(Errno.None, channel.Destroy());
    }

    [Fact]
    public void Arming_before_the_last_entry_is_taken_brings_no_event_for_it()
    {
        using var pair = new GuestPair();
        using var channel = new GuestChannel(pair.Left);
        GuestCompletionQueue queue = pair.Left.CreateCompletionQueue(63, channel.Handle, 9);
        GuestQueuePair from = Another(pair, queue);
        queue.Arm();
        int early = 0;
        for (int round = 0; round < 200; round++)
        {
            from.PostSend(pair.Remote(SendOpcode.Write, 8));
            Assert.Equal(9UL, channel.Wait());
            queue.EventTaken();
            // As perftest does it: armed first, then exactly one entry is taken, and an event means that there is one.
            queue.Arm();
            if (!queue.TryPoll(out _))
                early++;
        }
        // A thread that loses its core between the two may see one more.
        Assert.InRange(early, 0, 20);
    }

    [Fact]
    public void Every_event_fired_is_counted_though_nobody_read_it()
    {
        using var pair = new GuestPair();
        using var channel = new GuestChannel(pair.Left);
        GuestCompletionQueue first = pair.Left.CreateCompletionQueue(63, channel.Handle, 1), second = pair.Left.CreateCompletionQueue(63, channel.Handle, 2);
        GuestQueuePair one = Another(pair, first), two = Another(pair, second);
        first.Arm();
        second.Arm();
        one.PostSend(pair.Remote(SendOpcode.Write, 8));
        two.PostSend(pair.Remote(SendOpcode.Write, 8));
        Host.Until(() => first.HasEntry(0) && second.HasEntry(0), "both entries");
        one.Destroy();
        Assert.Equal(1u, first.Destroy().Completion);
        Assert.Equal([1UL, 2UL], new[] { channel.Wait(), channel.Wait() }.Order());
        Assert.Null(channel.Read());
    }

    [Fact]
    public void Solicited_arming_waits_for_a_solicited_message()
    {
        using var pair = new GuestPair();
        using var channel = new GuestChannel(pair.Right);
        GuestCompletionQueue queue = pair.Right.CreateCompletionQueue(63, channel.Handle, 5);
        GuestQueuePair to = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, queue, queue));
        GuestQueuePair from = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.LeftQueue, pair.LeftQueue));
        from.Connect(pair.RightVm.Lid, to.Number);
        to.Connect(pair.LeftVm.Lid, from.Number);
        for (ulong id = 0; id < 4; id++)
            to.PostReceive(id, pair.RightMemory.Entry(0, 64));
        queue.Arm(solicitedOnly: true);
        from.PostSend(pair.Send(4));
        queue.WaitSuccess();
        pair.LeftQueue.WaitSuccess();
        Assert.Null(channel.Read());
        SendWork solicited = pair.Send(4);
        solicited.IsSolicited = true;
        from.PostSend(solicited);
        Assert.Equal(5UL, channel.Wait());
        queue.EventTaken();
        queue.WaitSuccess();
        queue.Arm(solicitedOnly: true);
        to.To(QueuePairState.Error);
        Assert.Equal(5UL, channel.Wait());
    }

    [Fact]
    public void Hostile_consumer_index_hurts_only_its_owner()
    {
        using var pair = new GuestPair();
        GuestCompletionQueue bad = pair.Left.CreateCompletionQueue(3);
        GuestQueuePair from = Another(pair, bad);
        var random = new Random(8);
        for (int index = 0; index < 20 && from.HasSendRoom; index++)
        {
            Raw.Word(bad.RecordAddress) = (uint)random.Next();
            Raw.Word(bad.RecordAddress + 4) = (uint)random.Next();
            from.PostSend(pair.Remote(SendOpcode.Write, 8));
        }
        pair.A.PostSend(pair.Remote(SendOpcode.Write, 8));
        pair.LeftQueue.WaitSuccess();
    }

    private static GuestQueuePair Another(GuestPair pair, GuestCompletionQueue queue)
    {
        GuestQueuePair from = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, queue, queue));
        GuestQueuePair to = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.RightQueue, pair.RightQueue));
        from.Connect(pair.RightVm.Lid, to.Number);
        to.Connect(pair.LeftVm.Lid, from.Number);
        return from;
    }
}
