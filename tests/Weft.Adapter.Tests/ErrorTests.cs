using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;

namespace Weft.Adapter.Tests;

/// <summary>What a request gets that must fail, and what its queue pair does then.</summary>
public sealed class ErrorTests
{
    [Fact]
    public void Receive_too_short_is_told_to_both_sides_and_breaks_both()
    {
        using var pair = new GuestPair();
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 10));
        pair.B.PostReceive(2, pair.RightMemory.Entry(64, 10));
        pair.A.PostSend(pair.Send(11));
        Assert.Equal(Syndrome.RemoteInvalidRequest, pair.LeftQueue.Wait().Syndrome);
        Assert.Equal([(1UL, Syndrome.LocalLength), (2UL, Syndrome.Flushed)], Two(pair.RightQueue));
        Assert.Equal((QueuePairState.Error, QueuePairState.Error), (pair.A.Query().State, pair.B.Query().State));
    }

    [Fact]
    public void Receivers_own_bad_key_is_its_fault()
    {
        using var pair = new GuestPair();
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64) with { Key = pair.RightMemory.LocalKey ^ 0x11 });
        pair.A.PostSend(pair.Send(11));
        Assert.Equal(Syndrome.RemoteOperation, pair.LeftQueue.Wait().Syndrome);
        Assert.Equal(Syndrome.LocalProtection, pair.RightQueue.Wait().Syndrome);
    }

    [Theory]
    [InlineData(SendOpcode.Send)]
    [InlineData(SendOpcode.Write)]
    [InlineData(SendOpcode.Read)]
    public void Senders_own_bad_key_stays_at_home(SendOpcode opcode)
    {
        using var pair = new GuestPair();
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        SendWork work = pair.Remote(opcode, 10);
        work.List = [pair.LeftMemory.Entry(0, 10) with { Key = pair.RightMemory.LocalKey + 0x100 }];
        pair.A.PostSend(work);
        WorkCompletion failed = pair.LeftQueue.Wait();
        Assert.Equal((1UL, Syndrome.LocalProtection, true), (failed.Id, failed.Syndrome, failed.IsSend));
        Assert.Equal(QueuePairState.Error, pair.A.Query().State);
        Assert.Equal(QueuePairState.ReadyToSend, pair.B.Query().State);
        Assert.False(pair.RightQueue.TryPoll(out _));
    }

    [Theory]
    [InlineData(-1, 8)]
    [InlineData(GuestPair.BufferBytes, 1)]
    [InlineData(GuestPair.BufferBytes - 7, 8)]
    [InlineData(0, GuestPair.BufferBytes + 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Local_entry_outside_its_region_is_refused(int offset, int bytes)
    {
        using var pair = new GuestPair();
        pair.A.PostSend(new SendWork
        {
            Opcode = SendOpcode.Write,
            RemoteAddress = pair.RightMemory.Address,
            RemoteKey = pair.RightMemory.RemoteKey,
            List = [new ScatterEntry(pair.LeftMemory.Address + (ulong)offset, (uint)bytes, pair.LeftMemory.LocalKey)],
        });
        Assert.Contains(pair.LeftQueue.Wait().Syndrome, new[] { Syndrome.LocalProtection, Syndrome.LocalLength });
    }

    [Theory]
    [InlineData(-1, 8)]
    [InlineData(GuestPair.BufferBytes, 1)]
    [InlineData(GuestPair.BufferBytes - 7, 8)]
    [InlineData(int.MinValue, 8)]
    public void Remote_address_outside_its_region_is_refused_and_breaks_both(long offset, int bytes)
    {
        foreach (SendOpcode opcode in new[] { SendOpcode.Write, SendOpcode.Read, SendOpcode.WriteImmediate })
        {
            using var pair = new GuestPair();
            pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
            SendWork work = pair.Remote(opcode, bytes);
            work.RemoteAddress = pair.RightMemory.Address + (ulong)offset;
            pair.A.PostSend(work);
            Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
            Host.Until(() => pair.B.Query().State == QueuePairState.Error, "the target to break");
        }
    }

    [Fact]
    public void Wrap_around_of_address_and_length_is_no_way_in()
    {
        using var pair = new GuestPair();
        SendWork work = pair.Remote(SendOpcode.Write, 4096);
        work.RemoteAddress = ulong.MaxValue - 100;
        pair.A.PostSend(work);
        Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
    }

    [Theory]
    [InlineData(SendOpcode.Write, GuestRegion.LocalWrite | GuestRegion.RemoteRead)]
    [InlineData(SendOpcode.Read, GuestRegion.LocalWrite | GuestRegion.RemoteWrite)]
    [InlineData(SendOpcode.FetchAdd, GuestRegion.LocalWrite | GuestRegion.RemoteWrite | GuestRegion.RemoteRead)]
    [InlineData(SendOpcode.CompareSwap, GuestRegion.LocalWrite | GuestRegion.RemoteWrite | GuestRegion.RemoteRead)]
    public void Region_without_the_right_refuses(SendOpcode opcode, uint access)
    {
        using var pair = new GuestPair();
        GuestRegion target = pair.Right.Register(4096, access);
        SendWork work = pair.Remote(opcode, 8);
        (work.RemoteAddress, work.RemoteKey) = (target.Address, target.RemoteKey);
        pair.A.PostSend(work);
        Assert.Equal(Syndrome.RemoteAccess, pair.LeftQueue.Wait().Syndrome);
    }

    [Theory]
    [InlineData(SendOpcode.Write, GuestRegion.RemoteRead | GuestRegion.RemoteAtomic)]
    [InlineData(SendOpcode.Read, GuestRegion.RemoteWrite | GuestRegion.RemoteAtomic)]
    [InlineData(SendOpcode.FetchAdd, GuestRegion.RemoteWrite | GuestRegion.RemoteRead)]
    public void Queue_pair_without_the_right_refuses(SendOpcode opcode, uint access)
    {
        using var pair = new GuestPair(before: each => each.RemoteAccess = access);
        pair.A.PostSend(pair.Remote(opcode, 8));
        Assert.Contains(pair.LeftQueue.Wait().Syndrome, new[] { Syndrome.RemoteAccess, Syndrome.RemoteInvalidRequest });
    }

    [Fact]
    public void Read_into_memory_without_local_write_is_refused_and_leaves_it_alone()
    {
        using var pair = new GuestPair();
        pair.RightMemory.Span.Fill(9);
        GuestRegion readOnly = pair.Left.Register(4096, 0);
        SendWork work = pair.Remote(SendOpcode.Read, 100);
        work.List = [readOnly.Entry(0, 100)];
        pair.A.PostSend(work);
        Assert.Contains(pair.LeftQueue.Wait().Syndrome, new[] { Syndrome.LocalProtection, Syndrome.LocalAccess });
        Assert.Equal(-1, readOnly.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Receive_into_memory_without_local_write_is_refused()
    {
        using var pair = new GuestPair();
        GuestRegion readOnly = pair.Right.Register(4096, 0);
        pair.B.PostReceive(1, readOnly.Entry(0, 100));
        pair.A.PostSend(pair.Send(5));
        Assert.Equal(Syndrome.LocalProtection, pair.RightQueue.Wait().Syndrome);
        Assert.Equal(Syndrome.RemoteOperation, pair.LeftQueue.Wait().Syndrome);
    }

    [Fact]
    public void Unaligned_atomic_is_an_invalid_request()
    {
        using var pair = new GuestPair();
        pair.A.PostSend(pair.Remote(SendOpcode.FetchAdd, 8, 4));
        Assert.Equal(Syndrome.RemoteInvalidRequest, pair.LeftQueue.Wait().Syndrome);
    }

    [Fact]
    public void Sender_waits_for_a_receive_for_as_long_as_it_is_told()
    {
        using var pair = new GuestPair(before: each => (each.RnrTimerCode, each.RnrRetries) = (14, 7));
        pair.A.PostSend(pair.Send(40));
        Thread.Sleep(50);
        Assert.False(pair.LeftQueue.TryPoll(out _));
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        Assert.Equal(40u, pair.RightQueue.WaitSuccess().LengthBytes);
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Receiver_that_never_posts_exhausts_the_retries()
    {
        using var pair = new GuestPair(before: each => (each.RnrTimerCode, each.RnrRetries) = (14, 3));
        long since = Stopwatch.GetTimestamp();
        pair.A.PostSend(pair.Send(40));
        Assert.Equal(Syndrome.ReceiverNotReady, pair.LeftQueue.Wait().Syndrome);
        // Code 14 is a millisecond.
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalMilliseconds, 2.5, 2000);
        Assert.Equal(QueuePairState.ReadyToSend, pair.B.Query().State);
    }

    [Fact]
    public void Peer_that_is_not_there_exhausts_the_retries_but_not_at_once()
    {
        using var pair = new GuestPair(before: each => (each.TimeoutCode, each.Retries) = (10, 3));
        pair.B.Destroy();
        long since = Stopwatch.GetTimestamp();
        pair.A.PostSend(pair.Send(40));
        Assert.Equal(Syndrome.RetriesExceeded, pair.LeftQueue.Wait().Syndrome);
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalMilliseconds, 3, 5000);
    }

    [Fact]
    public void Peer_that_becomes_ready_late_is_still_reached()
    {
        using var pair = new GuestPair(before: each => (each.TimeoutCode, each.Retries) = (14, 7));
        pair.B.To(QueuePairState.Reset);
        pair.A.PostSend(pair.Send(40));
        Thread.Sleep(20);
        pair.B.To(QueuePairState.Init);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 64));
        pair.B.To(QueuePairState.ReadyToReceive, pair.LeftVm.Lid, pair.A.Number);
        Assert.Equal(40u, pair.RightQueue.WaitSuccess().LengthBytes);
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Peer_connected_to_another_does_not_answer()
    {
        using var pair = new GuestPair(before: each => (each.TimeoutCode, each.Retries) = (8, 1));
        GuestQueuePair intruder = pair.Left.CreateQueuePair(new GuestQueueShape(QueuePairType.ReliableConnection, pair.LeftQueue, pair.LeftQueue));
        (intruder.TimeoutCode, intruder.Retries) = (8, 1);
        intruder.Connect(pair.RightVm.Lid, pair.B.Number);
        SendWork work = pair.Remote(SendOpcode.Write, 8);
        pair.LeftMemory.Span[0] = 0xff;
        intruder.PostSend(work);
        Assert.Equal(Syndrome.RetriesExceeded, pair.LeftQueue.Wait().Syndrome);
        Assert.Equal(0, pair.RightMemory.Span[0]);
    }

    [Fact]
    public void Failure_completes_though_unsignalled_and_flushes_all_that_follows()
    {
        using var pair = new GuestPair();
        pair.A.PostReceive(100, pair.LeftMemory.Entry(0, 64));
        pair.A.PostReceive(101, pair.LeftMemory.Entry(0, 64));
        for (ulong id = 0; id < 3; id++)
        {
            SendWork good = pair.Remote(SendOpcode.Write, 8, id: id);
            good.IsSignalled = false;
            pair.A.Stage(good);
        }
        SendWork bad = pair.Remote(SendOpcode.Write, 8, id: 3);
        (bad.IsSignalled, bad.RemoteKey) = (false, bad.RemoteKey ^ 0x33);
        pair.A.Stage(bad);
        for (ulong id = 4; id < 7; id++)
        {
            SendWork later = pair.Remote(SendOpcode.Write, 8, id: id);
            later.IsSignalled = id == 6;
            pair.A.Stage(later);
        }
        pair.A.Ring();
        var sends = new List<(ulong, byte)>();
        var receives = new List<(ulong, byte)>();
        for (int index = 0; index < 6; index++)
        {
            WorkCompletion each = pair.LeftQueue.Wait();
            (each.IsSend ? sends : receives).Add((each.Id, each.Syndrome));
        }
        Assert.Equal([(3UL, Syndrome.RemoteAccess), (4UL, Syndrome.Flushed), (5UL, Syndrome.Flushed), (6UL, Syndrome.Flushed)], sends);
        Assert.Equal([(100UL, Syndrome.Flushed), (101UL, Syndrome.Flushed)], receives);
        pair.A.PostReceive(102, pair.LeftMemory.Entry(0, 64));
        Assert.Equal((102UL, Syndrome.Flushed), One(pair.LeftQueue));
        pair.A.PostSend(pair.Send(1, id: 7));
        Assert.Equal((7UL, Syndrome.Flushed), One(pair.LeftQueue));
    }

    [Fact]
    public void Change_to_error_flushes_receives_in_order()
    {
        using var pair = new GuestPair();
        for (ulong id = 0; id < 20; id++)
            pair.B.PostReceive(id, pair.RightMemory.Entry(0, 64));
        pair.B.To(QueuePairState.Error);
        for (ulong id = 0; id < 20; id++)
            Assert.Equal((id, Syndrome.Flushed), One(pair.RightQueue));
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x02)]
    [InlineData(0x0e)]
    [InlineData(0x1f)]
    public void Unknown_opcode_is_the_senders_error(uint opcode)
    {
        using var pair = new GuestPair();
        Span<byte> slot = stackalloc byte[60];
        slot.Clear();
        slot[3] = 1;
        pair.A.PublishRaw(slot, opcode, 12);
        WorkCompletion failed = pair.LeftQueue.Wait();
        Assert.Equal((12UL, Syndrome.LocalOperation), (failed.Id, failed.Syndrome));
        Assert.Equal(QueuePairState.Error, pair.A.Query().State);
    }

    [Fact]
    public void Read_on_an_unreliable_connection_is_the_senders_error()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableConnection);
        pair.A.PostSend(pair.Remote(SendOpcode.Read, 8));
        Assert.Equal(Syndrome.LocalOperation, pair.LeftQueue.Wait().Syndrome);
    }

    [Fact]
    public void Zero_length_needs_no_valid_key()
    {
        using var pair = new GuestPair();
        SendWork write = pair.Remote(SendOpcode.Write, 0);
        (write.RemoteKey, write.RemoteAddress, write.List) = (0x12345678, 5, [new ScatterEntry(1, 0, 0xbad)]);
        pair.A.PostSend(write);
        pair.LeftQueue.WaitSuccess();
        write.List = [];
        pair.A.PostSend(write);
        pair.LeftQueue.WaitSuccess();
    }

    [Fact]
    public void Message_beyond_what_the_protocol_can_say_is_refused()
    {
        using var pair = new GuestPair();
        SendWork work = pair.Remote(SendOpcode.Write, 0);
        work.List = [new ScatterEntry(pair.LeftMemory.Address, 0x7fffffff, pair.LeftMemory.LocalKey)];
        pair.A.PostSend(work);
        Assert.Contains(pair.LeftQueue.Wait().Syndrome, new[] { Syndrome.LocalLength, Syndrome.LocalProtection });
    }

    private static (ulong Id, byte Syndrome) One(GuestCompletionQueue queue)
    {
        WorkCompletion completion = queue.Wait();
        return (completion.Id, completion.Syndrome);
    }

    private static (ulong Id, byte Syndrome)[] Two(GuestCompletionQueue queue) => [One(queue), One(queue)];
}
