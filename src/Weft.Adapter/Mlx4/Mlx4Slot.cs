using System.Buffers.Binary;
using Weft.Adapter.Control;

namespace Weft.Adapter.Mlx4;

/// <summary>Reads send and receive slots of the mlx4 provider. Only private copies are read.</summary>
/// <remarks>Source: rdma-core providers/mlx4/mlx4dv.h (struct mlx4_wqe_*); docs of the ABI in docs/adapter.md.</remarks>
internal static class Mlx4Slot
{
    private const int Unit = 16, FenceBit = 0x40;
    private const uint OwnerBit = 0x80000000, InlineBit = 0x80000000, ZeroBytes = 0x80000000, EndOfList = 0x100;

    /// <summary>Whether a slot's first word says that the request at this free-running index is posted.</summary>
    internal static bool IsPosted(uint firstWord, uint index, uint count) => (firstWord & OwnerBit) != 0 == ((index & count) != 0);

    /// <summary>The provider's number of a posted request, for its flushing.</summary>
    internal static byte OpcodeOf(uint firstWord) => (byte)(firstWord & 0x1f);

    /// <summary>Decodes the copy in <see cref="SendRequest.Slot"/>. False when it is malformed for the transport.</summary>
    internal static bool TryDecode(SendRequest request, int slotBytes, QueuePairType type)
    {
        ReadOnlySpan<byte> slot = request.Slot.AsSpan(0, slotBytes);
        request.ProviderOpcode = (byte)(slot[3] & 0x1f);
        int units = slot[7] & 0x3f;
        int size = (units == 0 ? 64 : units) * Unit;
        uint flags = BinaryPrimitives.ReadUInt32BigEndian(slot[8..]);
        request.IsFenced = (slot[7] & FenceBit) != 0;
        request.IsSignalled = (flags & 0x0c) == 0x0c;
        request.IsSolicited = (flags & 2) != 0;
        request.SharedReceiveQueue = flags >> 8;
        request.Immediate = BinaryPrimitives.ReadUInt32BigEndian(slot[12..]);
        request.SegmentCount = 0;
        request.IsInline = false;
        request.TotalBytes = 0;
        if (size > slotBytes || !TryKind(request.ProviderOpcode, out request.Kind) || !Fits(request.Kind, type))
            return false;
        int at = Unit;
        if (type == QueuePairType.UnreliableDatagram)
        {
            if (size < at + 48)
                return false;
            ReadDatagram(request, slot.Slice(at, 48));
            at += 48;
        }
        return request.Kind switch
        {
            RequestKind.Bind => size >= at + 32 && ReadBind(request, slot[at..]),
            RequestKind.LocalInvalidate => size >= at + 16 && ReadInvalidate(request, slot[at..]),
            RequestKind.Write or RequestKind.WriteImmediate or RequestKind.Read or RequestKind.CompareSwap or RequestKind.FetchAdd =>
                ReadRemote(request, slot, size, ref at) && TryReadData(request, slot[..size], at),
            _ => TryReadData(request, slot[..size], at),
        };
    }

    /// <summary>Decodes a receive slot's list.</summary>
    /// <param name="request">Filled in.</param>
    /// <param name="list">The private copy, data segments only.</param>
    internal static void DecodeReceive(ReceiveRequest request, ReadOnlySpan<byte> list)
    {
        request.SegmentCount = 0;
        request.CapacityBytes = 0;
        for (; list.Length >= Unit && request.SegmentCount < request.Segments.Length; list = list[Unit..])
        {
            uint key = BinaryPrimitives.ReadUInt32BigEndian(list[4..]), length = BinaryPrimitives.ReadUInt32BigEndian(list);
            if (key == EndOfList)
                break;
            if (length == 0 || length == ZeroBytes)
                continue;
            request.Segments[request.SegmentCount++] = new Segment
            {
                Address = BinaryPrimitives.ReadUInt64BigEndian(list[8..]),
                LengthBytes = length,
                Key = key,
            };
            request.CapacityBytes += length;
        }
    }

    private static bool TryKind(byte opcode, out RequestKind kind)
    {
        kind = opcode switch
        {
            0x01 => RequestKind.SendInvalidate,
            0x08 => RequestKind.Write,
            0x09 => RequestKind.WriteImmediate,
            0x0a => RequestKind.Send,
            0x0b => RequestKind.SendImmediate,
            0x10 => RequestKind.Read,
            0x11 => RequestKind.CompareSwap,
            0x12 => RequestKind.FetchAdd,
            0x18 => RequestKind.Bind,
            _ => RequestKind.LocalInvalidate,
        };
        return kind != RequestKind.LocalInvalidate || opcode == 0x1b;
    }

    private static bool Fits(RequestKind kind, QueuePairType type) => type switch
    {
        QueuePairType.UnreliableDatagram => kind is RequestKind.Send or RequestKind.SendImmediate,
        QueuePairType.UnreliableConnection => kind is RequestKind.Send or RequestKind.SendImmediate or RequestKind.Write
            or RequestKind.WriteImmediate or RequestKind.Bind or RequestKind.LocalInvalidate or RequestKind.SendInvalidate,
        _ => true,
    };

    private static void ReadDatagram(SendRequest request, ReadOnlySpan<byte> bytes)
    {
        request.Destination = new PathAddress
        {
            IsGlobal = (byte)(bytes[5] >> 7),
            PathBits = (byte)(bytes[5] & 0x7f),
            Lid = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]),
            SourceIndex = bytes[9],
            HopLimit = bytes[11],
            ServiceLevel = (byte)(bytes[12] >> 4),
            TrafficClass = (byte)(BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) >> 20),
            FlowLabel = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]) & 0xfffff,
            Destination = new GlobalAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..])),
        };
        request.DestinationQueuePair = BinaryPrimitives.ReadUInt32BigEndian(bytes[32..]) & 0xffffff;
        request.QueueKey = BinaryPrimitives.ReadUInt32BigEndian(bytes[36..]);
    }

    private static bool ReadBind(SendRequest request, ReadOnlySpan<byte> bytes)
    {
        uint access = BinaryPrimitives.ReadUInt32BigEndian(bytes), flags = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        request.BindAccess = ((access & 1u << 31) != 0 ? AccessRights.RemoteAtomic : 0) | ((access & 1u << 30) != 0 ? AccessRights.RemoteWrite : 0)
            | ((access & 1u << 29) != 0 ? AccessRights.RemoteRead : 0);
        request.BindsType2 = (flags & 1u << 31) != 0;
        request.BindsZeroBased = (flags & 1u << 30) != 0;
        request.NewKey = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        request.RegionKey = BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]);
        request.BindAddress = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        request.BindBytes = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
        return true;
    }

    private static bool ReadInvalidate(SendRequest request, ReadOnlySpan<byte> bytes)
    {
        request.RemoteKey = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        return true;
    }

    private static bool ReadRemote(SendRequest request, ReadOnlySpan<byte> slot, int size, ref int at)
    {
        bool isAtomic = request.Kind is RequestKind.CompareSwap or RequestKind.FetchAdd;
        if (size < at + (isAtomic ? 2 * Unit : Unit))
            return false;
        request.RemoteAddress = BinaryPrimitives.ReadUInt64BigEndian(slot[at..]);
        request.RemoteKey = BinaryPrimitives.ReadUInt32BigEndian(slot[(at + 8)..]);
        at += Unit;
        if (isAtomic)
        {
            request.SwapOrAdd = BinaryPrimitives.ReadUInt64BigEndian(slot[at..]);
            request.Compare = BinaryPrimitives.ReadUInt64BigEndian(slot[(at + 8)..]);
            at += Unit;
        }
        return true;
    }

    private static bool TryReadData(SendRequest request, ReadOnlySpan<byte> slot, int at)
    {
        if (slot.Length >= at + 4 && IsInlineHeader(slot, at))
            return TryReadInline(request, slot, at);
        for (; at + Unit <= slot.Length; at += Unit)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(slot[at..]);
            if (length == ZeroBytes)
                continue;
            if (length > ZeroBytes)
                return false;
            request.Segments[request.SegmentCount++] = new Segment
            {
                Address = BinaryPrimitives.ReadUInt64BigEndian(slot[(at + 8)..]),
                LengthBytes = length,
                Key = BinaryPrimitives.ReadUInt32BigEndian(slot[(at + 4)..]),
            };
            request.TotalBytes += length;
        }
        return true;
    }

    /// <summary>0x80000000 alone is a data segment of zero bytes, not an inline piece of none.</summary>
    private static bool IsInlineHeader(ReadOnlySpan<byte> slot, int at) => BinaryPrimitives.ReadUInt32BigEndian(slot[at..]) > InlineBit;

    /// <summary>Pieces with a header each; none crosses a 64-byte boundary, at which the next one begins.</summary>
    private static bool TryReadInline(SendRequest request, ReadOnlySpan<byte> slot, int at)
    {
        const int line = 64, header = 4;
        request.IsInline = true;
        while (at + header <= slot.Length)
        {
            uint word = BinaryPrimitives.ReadUInt32BigEndian(slot[at..]);
            if ((word & InlineBit) == 0 || word == InlineBit)
                break;
            int length = (int)(word & ~InlineBit);
            if (length > line - header || at % line + header + length > line || at + header + length > slot.Length)
                return false;
            request.Segments[request.SegmentCount++] = new Segment { Address = (ulong)(at + header), LengthBytes = (uint)length };
            request.TotalBytes += (ulong)length;
            at = (at / line + 1) * line;
        }
        return true;
    }
}
