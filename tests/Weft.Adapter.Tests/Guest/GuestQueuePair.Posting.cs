using System.Buffers.Binary;
using Weft.Adapter.Control;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Posting: what the library's post_send and post_recv store, in their order.</summary>
internal sealed partial class GuestQueuePair
{
    private const uint InlineBit = 0x80000000;

    /// <summary>Posts one send and rings.</summary>
    internal void PostSend(SendWork work)
    {
        Stage(work);
        Ring();
    }

    /// <summary>Posts without the doorbell: earlier requests of one ibv_post_send.</summary>
    internal void Stage(SendWork work)
    {
        Assert.True(HasSendRoom, "The send queue is full.");
        uint index = _sendHead;
        ulong slot = SendSlot(index);
        int stride = 1 << SendShift;
        _sendIds[index & (uint)(SendCount - 1)] = work.Id;
        Span<byte> bytes = Raw.Bytes(slot, stride);
        int size = WriteSlot(bytes, work);
        Publish(slot, index, (uint)work.Opcode);
        _sendHead++;
        // The library scribbles over the slot that it will use when as many as are spare have been posted.
        StampSlot(SendSlot(index + (uint)_spareSlots));
        _ = size;
    }

    /// <summary>The doorbell of ibv_post_send.</summary>
    internal void Ring() => Context.Vm.Doorbell.Store();

    /// <summary>Makes a slot valid that the caller wrote itself; the first word holds the opcode bits.</summary>
    internal uint PublishRaw(ReadOnlySpan<byte> slotBytes, uint firstWord, ulong id)
    {
        uint index = _sendHead++;
        _sendIds[index & (uint)(SendCount - 1)] = id;
        ulong slot = SendSlot(index);
        slotBytes.CopyTo(Raw.Bytes(slot, 1 << SendShift)[4..]);
        Publish(slot, index, firstWord);
        Ring();
        return index;
    }

    /// <summary>Posts one receive: nothing rings.</summary>
    internal void PostReceive(ulong id, params ReadOnlySpan<ScatterEntry> list)
    {
        Assert.True(list.Length <= Shape.ReceiveSegments);
        Assert.True(_receiveHead - _receiveTail < (uint)ReceiveCount, "The receive queue is full.");
        uint slot = _receiveHead & (uint)(ReceiveCount - 1);
        WriteReceiveList(Raw.Bytes(_receiveBase + ((ulong)slot << ReceiveShift), 1 << ReceiveShift), list, Shape.ReceiveSegments);
        _receiveIds[slot] = id;
        _receiveHead++;
        Volatile.Write(ref Raw.Word(_record), BinaryPrimitives.ReverseEndianness(_receiveHead & 0xffff));
    }

    internal static void WriteReceiveList(Span<byte> slot, ReadOnlySpan<ScatterEntry> list, int mostSegments)
    {
        for (int index = 0; index < list.Length; index++)
            WriteSegment(slot[(16 * index)..], list[index], list[index].LengthBytes);
        if (list.Length < mostSegments)
            WriteSegment(slot[(16 * list.Length)..], new ScatterEntry(0, 0, 0x100), 0);
    }

    private void Publish(ulong slot, uint index, uint opcode) =>
        Volatile.Write(ref Raw.Word(slot), BinaryPrimitives.ReverseEndianness(opcode | ((index & (uint)SendCount) != 0 ? 0x80000000u : 0)));

    private static void StampSlot(ulong slot)
    {
        int size = (Raw.Byte(slot + 7) & 0x3f) << 4;
        for (int at = 64; at < size; at += 64)
            Raw.Word(slot + (ulong)at) = 0xffffffff;
    }

    private void StampOwnership()
    {
        for (uint index = 0; index < SendCount; index++)
        {
            ulong slot = SendSlot(index);
            Raw.Word(slot) = BinaryPrimitives.ReverseEndianness(0x80000000u);
            Raw.Byte(slot + 7) = (byte)(1 << (SendShift - 4));
            StampSlot(slot);
        }
    }

    /// <summary>Everything but the first word; returns the size in bytes.</summary>
    private int WriteSlot(Span<byte> slot, SendWork work)
    {
        uint flags = (work.IsSignalled || Shape.SignalsAll ? 0x0cu : 0) | (work.IsSolicited ? 2u : 0);
        if (work.Opcode is SendOpcode.Bind or SendOpcode.LocalInvalidate)
            flags |= 0x80;
        if (Shape.Type == QueuePairType.XrcSend)
            flags |= work.RemoteSharedQueue << 8;
        BinaryPrimitives.WriteUInt32BigEndian(slot[8..], flags);
        bool hasImmediate = work.Opcode is SendOpcode.SendImmediate or SendOpcode.WriteImmediate or SendOpcode.SendInvalidate;
        BinaryPrimitives.WriteUInt32BigEndian(slot[12..], hasImmediate ? work.Immediate : 0);
        int at = 16;
        if (Shape.Type == QueuePairType.UnreliableDatagram)
            at = WriteDatagram(slot, at, work.Datagram);
        else
            at = WriteRemote(slot, at, work);
        int size = work.IsInline && work.List.Length > 0 ? WriteInline(slot, at, work.List) : WriteList(slot, at, work.List);
        slot[4..7].Clear();
        slot[7] = (byte)((work.IsFenced ? 0x40 : 0) | ((size / 16) & 0x3f));
        return size;
    }

    private static int WriteList(Span<byte> slot, int at, ScatterEntry[] list)
    {
        for (int index = list.Length - 1; index >= 0; index--)
            WriteSegment(slot[(at + 16 * index)..], list[index], list[index].LengthBytes == 0 ? InlineBit : list[index].LengthBytes);
        return at + 16 * list.Length;
    }

    private static void WriteSegment(Span<byte> target, ScatterEntry entry, uint length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], entry.Key);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], entry.Address);
        BinaryPrimitives.WriteUInt32BigEndian(target, length);
    }

    /// <summary>Pieces that end at 64-byte boundaries, each under a header of its own.</summary>
    private static int WriteInline(Span<byte> slot, int at, ScatterEntry[] list)
    {
        int header = at, pieces = 0, inPiece = 0, total = 0, cursor = at + 4;
        foreach (ScatterEntry entry in list)
        {
            ReadOnlySpan<byte> data = Raw.Bytes(entry.Address, (int)entry.LengthBytes);
            total += data.Length;
            while (data.Length >= 64 - cursor % 64 && cursor % 64 != 0)
            {
                int part = 64 - cursor % 64;
                data[..part].CopyTo(slot[cursor..]);
                data = data[part..];
                inPiece += part;
                cursor += part;
                BinaryPrimitives.WriteUInt32BigEndian(slot[header..], InlineBit | (uint)inPiece);
                pieces++;
                (header, inPiece) = (cursor, 0);
                cursor += 4;
            }
            data.CopyTo(slot[Math.Min(cursor, slot.Length)..]);
            cursor += data.Length;
            inPiece += data.Length;
        }
        if (inPiece > 0)
        {
            pieces++;
            BinaryPrimitives.WriteUInt32BigEndian(slot[header..], InlineBit | (uint)inPiece);
        }
        return at + (total + 4 * pieces + 15) / 16 * 16;
    }

    private static int WriteDatagram(Span<byte> slot, int at, DatagramAddress to)
    {
        Span<byte> segment = slot.Slice(at, 48);
        segment.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(segment, 1u << 24);
        segment[5] = (byte)(to.Global is null ? 0 : 0x80);
        BinaryPrimitives.WriteUInt16BigEndian(segment[6..], to.Lid);
        segment[11] = 64;
        BinaryPrimitives.WriteUInt32BigEndian(segment[12..], (uint)to.ServiceLevel << 28);
        BinaryPrimitives.WriteUInt64BigEndian(segment[16..], to.Global?.Prefix ?? 0);
        BinaryPrimitives.WriteUInt64BigEndian(segment[24..], to.Global?.Interface ?? 0);
        BinaryPrimitives.WriteUInt32BigEndian(segment[32..], to.QueuePair);
        BinaryPrimitives.WriteUInt32BigEndian(segment[36..], to.QueueKey);
        return at + 48;
    }

    private static int WriteRemote(Span<byte> slot, int at, SendWork work)
    {
        Span<byte> segment = slot[at..];
        switch (work.Opcode)
        {
            case SendOpcode.Write or SendOpcode.WriteImmediate or SendOpcode.Read or SendOpcode.CompareSwap or SendOpcode.FetchAdd:
                BinaryPrimitives.WriteUInt64BigEndian(segment, work.RemoteAddress);
                BinaryPrimitives.WriteUInt32BigEndian(segment[8..], work.RemoteKey);
                BinaryPrimitives.WriteUInt32BigEndian(segment[12..], 0);
                if (work.Opcode is not (SendOpcode.CompareSwap or SendOpcode.FetchAdd))
                    return at + 16;
                BinaryPrimitives.WriteUInt64BigEndian(segment[16..], work.SwapOrAdd);
                BinaryPrimitives.WriteUInt64BigEndian(segment[24..], work.Opcode == SendOpcode.CompareSwap ? work.Compare : 0);
                return at + 32;
            case SendOpcode.LocalInvalidate:
                segment[..16].Clear();
                BinaryPrimitives.WriteUInt32BigEndian(segment[8..], work.Immediate);
                return at + 16;
            case SendOpcode.Bind:
                WriteBinding(segment, work.Window);
                return at + 32;
            default:
                return at;
        }
    }

    private static void WriteBinding(Span<byte> segment, WindowBinding window)
    {
        uint access = ((window.Access & GuestRegion.RemoteAtomic) != 0 ? 1u << 31 : 0)
            | ((window.Access & GuestRegion.RemoteWrite) != 0 ? 1u << 30 : 0) | ((window.Access & GuestRegion.RemoteRead) != 0 ? 1u << 29 : 0);
        BinaryPrimitives.WriteUInt32BigEndian(segment, access);
        BinaryPrimitives.WriteUInt32BigEndian(segment[4..], (window.IsType2 ? 1u << 31 : 0) | (window.IsZeroBased ? 1u << 30 : 0));
        BinaryPrimitives.WriteUInt32BigEndian(segment[8..], window.NewKey);
        BinaryPrimitives.WriteUInt32BigEndian(segment[12..], window.RegionKey);
        BinaryPrimitives.WriteUInt64BigEndian(segment[16..], window.Address);
        BinaryPrimitives.WriteUInt64BigEndian(segment[24..], window.LengthBytes);
    }
}
