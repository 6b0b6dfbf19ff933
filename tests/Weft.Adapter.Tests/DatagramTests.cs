using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Adapter.Tests.Guest;
using Weft.Native;

namespace Weft.Adapter.Tests;

/// <summary>Unreliable datagrams and multicast groups.</summary>
public sealed class DatagramTests
{
    private const uint Key = 0x11111111;
    private const int HeaderBytes = 40;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2048)]
    [InlineData(4096)]
    public void Datagram_leaves_room_for_the_header_and_counts_it(int bytes)
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram);
        new Random(bytes).NextBytes(pair.LeftMemory.Span[..bytes]);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 8192));
        pair.A.PostSend(Datagram(pair, bytes));
        WorkCompletion received = pair.RightQueue.WaitSuccess();
        pair.LeftQueue.WaitSuccess();
        Assert.Equal(((uint)(bytes + HeaderBytes), pair.A.Number, false, pair.LeftVm.Lid),
            (received.LengthBytes, received.SourceQueuePair, received.HasGlobalHeader, received.SourceLid));
        Assert.True(pair.LeftMemory.Span[..bytes].SequenceEqual(pair.RightMemory.Span.Slice(HeaderBytes, bytes)));
    }

    [Fact]
    public void Datagram_by_GID_brings_its_global_header()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 8192));
        SendWork work = Datagram(pair, 100);
        var gid = new GlobalAddress(0xfe80UL << 48, pair.RightVm.Adapter.Device.PortGuid);
        work.Datagram = work.Datagram with { Global = gid };
        pair.A.PostSend(work);
        WorkCompletion received = pair.RightQueue.WaitSuccess();
        Assert.True(received.HasGlobalHeader);
        Span<byte> header = pair.RightMemory.Span[..HeaderBytes];
        Assert.Equal(6, header[0] >> 4);
        Assert.Equal(gid.Interface, BinaryPrimitives.ReadUInt64BigEndian(header[32..]));
        Assert.Equal(gid.Prefix, BinaryPrimitives.ReadUInt64BigEndian(header[24..]));
        Assert.Equal(pair.LeftVm.Adapter.Device.PortGuid, BinaryPrimitives.ReadUInt64BigEndian(header[16..]));
    }

    [Fact]
    public void Datagram_with_immediate_inline_and_scattered_receive_arrives()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram, shape: shape => shape with { Inline = 400 });
        new Random(1).NextBytes(pair.LeftMemory.Span[..400]);
        for (int bytes = 0; bytes <= 400; bytes += 3)
        {
            pair.B.PostReceive(1, pair.RightMemory.Entry(0, 13), pair.RightMemory.Entry(13, 30), pair.RightMemory.Entry(43, 500));
            SendWork work = Datagram(pair, bytes);
            (work.IsInline, work.Opcode, work.Immediate) = (true, SendOpcode.SendImmediate, (uint)bytes);
            pair.A.PostSend(work);
            WorkCompletion received = pair.RightQueue.WaitSuccess();
            pair.LeftQueue.WaitSuccess();
            Assert.Equal((uint)bytes, received.Immediate);
            Assert.True(pair.LeftMemory.Span[..bytes].SequenceEqual(pair.RightMemory.Span.Slice(HeaderBytes, bytes)), $"{bytes}");
        }
    }

    [Fact]
    public void Wrong_key_unknown_number_and_missing_receive_drop_in_silence()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram);
        pair.A.PostSend(Datagram(pair, 10));
        pair.LeftQueue.WaitSuccess();
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 8192));
        SendWork work = Datagram(pair, 10);
        work.Datagram = work.Datagram with { QueueKey = 0x22222222 };
        pair.A.PostSend(work);
        work.Datagram = work.Datagram with { QueueKey = Key, QueuePair = 0x7ffffe };
        pair.A.PostSend(work);
        work.Datagram = work.Datagram with { Lid = 0x7777, QueuePair = pair.B.Number };
        pair.A.PostSend(work);
        for (int index = 0; index < 3; index++)
            pair.LeftQueue.WaitSuccess();
        // A key with bit 31 stands for the queue pair's own.
        pair.A.PostSend(Datagram(pair, 11, 0x80000000));
        Assert.Equal(51u, pair.RightQueue.WaitSuccess().LengthBytes);
    }

    [Fact]
    public void Datagram_beyond_the_MTU_is_the_senders_length_error_and_stops_its_send_queue_only()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram);
        pair.A.PostSend(Datagram(pair, 4097));
        Assert.Equal(Syndrome.LocalLength, pair.LeftQueue.Wait().Syndrome);
        Assert.Equal(QueuePairState.SendQueueError, pair.A.Query().State);
        // SQE to RTS goes on.
        Assert.Equal(Errno.None, pair.A.Modify(GuestQueuePair.State | GuestQueuePair.CurrentState,
            new QueuePairAttributes { State = QueuePairState.ReadyToSend, CurrentState = QueuePairState.SendQueueError }));
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 8192));
        pair.A.PostSend(Datagram(pair, 5));
        pair.LeftQueue.WaitSuccess();
        Assert.Equal(45u, pair.RightQueue.WaitSuccess().LengthBytes);
    }

    [Fact]
    public void Datagram_too_long_for_its_receive_is_dropped_and_the_receive_stays()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram);
        pair.B.PostReceive(1, pair.RightMemory.Entry(0, 60));
        pair.A.PostSend(Datagram(pair, 21));
        pair.LeftQueue.WaitSuccess();
        pair.A.PostSend(Datagram(pair, 20));
        pair.LeftQueue.WaitSuccess();
        Assert.Equal(60u, pair.RightQueue.WaitSuccess().LengthBytes);
    }

    [Fact]
    public void Multicast_reaches_every_member_and_nobody_else()
    {
        using var pair = new GuestPair(QueuePairType.UnreliableDatagram);
        var group = new GlobalAddress(0xff12601bffff0000, 0x1234);
        GuestQueuePair other = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.UnreliableDatagram, pair.RightQueue, pair.RightQueue));
        GuestQueuePair outsider = pair.Right.CreateQueuePair(new GuestQueueShape(QueuePairType.UnreliableDatagram, pair.RightQueue, pair.RightQueue));
        other.Connect(0, 0);
        outsider.Connect(0, 0);
        Assert.Equal(Errno.None, pair.Right.Verbs.AttachMulticast(pair.B.Handle, group, 0xc001));
        Assert.Equal(Errno.None, pair.Right.Verbs.AttachMulticast(other.Handle, group, 0xc001));
        foreach (GuestQueuePair each in new[] { pair.B, other, outsider })
        {
            each.PostReceive(each.Number, pair.RightMemory.Entry(0, 4096));
            each.PostReceive(each.Number, pair.RightMemory.Entry(4096, 4096));
        }
        SendWork work = Datagram(pair, 64);
        work.Datagram = new DatagramAddress(0xc001, 0xffffff, Key, group);
        pair.A.PostSend(work);
        pair.LeftQueue.WaitSuccess();
        uint[] reached = [pair.RightQueue.WaitSuccess().QueuePair, pair.RightQueue.WaitSuccess().QueuePair];
        Assert.Equal(new[] { pair.B.Number, other.Number }.Order(), reached.Order());
        Assert.Equal(Errno.None, pair.Right.Verbs.DetachMulticast(other.Handle, group, 0xc001));
        pair.A.PostSend(work);
        pair.LeftQueue.WaitSuccess();
        Assert.Equal(pair.B.Number, pair.RightQueue.WaitSuccess().QueuePair);
        Assert.False(pair.RightQueue.TryPoll(out _));
        Assert.NotEqual(Errno.None, pair.Right.Verbs.DetachMulticast(other.Handle, group, 0xc001));
    }

    private static SendWork Datagram(GuestPair pair, int bytes, uint key = Key) => new()
    {
        Opcode = SendOpcode.Send,
        List = [pair.LeftMemory.Entry(0, bytes)],
        Datagram = new DatagramAddress(pair.RightVm.Lid, pair.B.Number, key),
    };
}
