using System.Buffers.Binary;
using Weft.Adapter.Control;

namespace Weft.Adapter.Remote;

/// <summary>What a message between engines begins with, little-endian, whatever its kind; unused fields are 0.</summary>
internal struct RemoteHeader
{
    internal const int SizeBytes = 64;

    internal RemoteKind Kind;
    internal RemoteFlags Flags;

    /// <summary>The request's; of a refusal its reason, a <see cref="WorkStatus"/>.</summary>
    internal byte Operation;

    /// <summary>Service level; of a refusal for want of a receive the timer's code.</summary>
    internal byte Detail;
    internal ushort FromLid;
    internal ushort ToLid;
    internal uint FromPair;
    internal uint ToPair;
    internal uint Number;
    internal uint Immediate;
    internal uint RemoteKey;

    /// <summary>XRC: the shared receive queue. Datagrams: the Q_Key.</summary>
    internal uint QueueOrKey;

    /// <summary>Groups: the GID's prefix.</summary>
    internal ulong RemoteAddress;

    /// <summary>Groups: the rest of the GID.</summary>
    internal ulong Compare;
    internal ulong SwapOrAdd;

    /// <summary>Of the whole request.</summary>
    internal uint TotalBytes;

    /// <summary>Where this piece begins in it.</summary>
    internal uint Offset;

    internal readonly GlobalAddress Group => new(RemoteAddress, Compare);

    internal readonly bool Has(RemoteFlags flag) => (Flags & flag) != 0;

    /// <summary>Reads one; the span has <see cref="SizeBytes"/> at least.</summary>
    internal static RemoteHeader Read(ReadOnlySpan<byte> bytes) => new()
    {
        Kind = (RemoteKind)bytes[0],
        Flags = (RemoteFlags)bytes[1],
        Operation = bytes[2],
        Detail = bytes[3],
        FromLid = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]),
        ToLid = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]),
        FromPair = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
        ToPair = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]),
        Number = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
        Immediate = BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]),
        RemoteKey = BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]),
        QueueOrKey = BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]),
        RemoteAddress = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
        Compare = BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]),
        SwapOrAdd = BinaryPrimitives.ReadUInt64LittleEndian(bytes[48..]),
        TotalBytes = BinaryPrimitives.ReadUInt32LittleEndian(bytes[56..]),
        Offset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[60..]),
    };

    internal readonly void Write(Span<byte> bytes)
    {
        (bytes[0], bytes[1], bytes[2], bytes[3]) = ((byte)Kind, (byte)Flags, Operation, Detail);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], FromLid);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[6..], ToLid);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], FromPair);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], ToPair);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], Number);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], Immediate);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], RemoteKey);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[28..], QueueOrKey);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], RemoteAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], Compare);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[48..], SwapOrAdd);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[56..], TotalBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[60..], Offset);
    }
}
