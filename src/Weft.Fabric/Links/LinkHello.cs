using System.Buffers.Binary;

namespace Weft.Fabric.Links;

/// <summary>
/// The first bytes of a connection, each way: who I am, which session I am in and how far I have received it, and the
/// number that a new session would have from me. Both ends judge the same two hellos by the same rule, so they agree.
/// </summary>
internal readonly record struct LinkHello
{
    internal const int SizeBytes = 88;

    /// <summary>What follows once the peer's hello was taken: "WLK ENTR". Frames are sent only after the peer's.</summary>
    internal static ReadOnlySpan<byte> Entered => "WLK ENTR"u8;

    /// <summary>"WLK" and the version; another one is another protocol.</summary>
    private const ulong Magic = 0x0000_0001_004b_4c57;

    /// <summary>The daemon's, random, new at each start; never 0.</summary>
    internal UInt128 Instance { get; init; }

    /// <summary>What a session that begins with this connection is called; never used twice by an instance.</summary>
    internal ulong Fresh { get; init; }

    /// <summary>What the current session is called by its owner; 0 for none.</summary>
    internal ulong Session { get; init; }

    /// <summary>The peer of the current session; 0 for none.</summary>
    internal UInt128 PeerInstance { get; init; }

    /// <summary>And what that peer calls it.</summary>
    internal ulong PeerSession { get; init; }

    /// <summary>Up to where the current session was received.</summary>
    internal ulong Received { get; init; }

    /// <summary>See <see cref="LinkLimits.StreamWindowBytes"/>; both must agree.</summary>
    internal uint StreamWindow { get; init; }

    /// <summary>See <see cref="LinkLimits.Streams"/>; both must agree.</summary>
    internal uint Streams { get; init; }

    /// <summary>See <see cref="LinkLimits.MessageBytes"/>; both must agree.</summary>
    internal uint Message { get; init; }

    /// <summary>Reads a hello; false when it is none of ours.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, out LinkHello hello)
    {
        hello = default;
        if (bytes.Length < SizeBytes || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
            return false;
        hello = new LinkHello
        {
            Instance = BinaryPrimitives.ReadUInt128LittleEndian(bytes[8..]),
            Fresh = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            Session = BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]),
            PeerInstance = BinaryPrimitives.ReadUInt128LittleEndian(bytes[40..]),
            PeerSession = BinaryPrimitives.ReadUInt64LittleEndian(bytes[56..]),
            Received = BinaryPrimitives.ReadUInt64LittleEndian(bytes[64..]),
            StreamWindow = BinaryPrimitives.ReadUInt32LittleEndian(bytes[72..]),
            Streams = BinaryPrimitives.ReadUInt32LittleEndian(bytes[76..]),
            Message = BinaryPrimitives.ReadUInt32LittleEndian(bytes[80..]),
        };
        return true;
    }

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[8..], Instance);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], Fresh);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[32..], Session);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[40..], PeerInstance);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[56..], PeerSession);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[64..], Received);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[72..], StreamWindow);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[76..], Streams);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[80..], Message);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[84..], 0);
    }
}
