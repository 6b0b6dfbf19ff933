using System.Buffers.Binary;

namespace Weft.Fabric.Links;

/// <summary>
/// The header of what a session carries, little-endian: length of the body (4), kind (4), stream (4), and the low half of
/// its own position in the session (4), which tells a lost or repeated byte.
/// </summary>
internal readonly struct LinkFrame
{
    internal const int HeaderBytes = 16;

    /// <summary>A message of a stream.</summary>
    internal const uint Data = 0x01;

    /// <summary>Body: the position up to which the session was received (8). Also the sign of life.</summary>
    internal const uint Acknowledge = 0x02;

    /// <summary>Body: how many bytes of the stream were consumed since the session began, modulo 2^32 (4).</summary>
    internal const uint Credit = 0x03;

    internal const int AcknowledgeBytes = 8;
    internal const int CreditBytes = 4;

    internal readonly uint Length;
    internal readonly uint Kind;
    internal readonly uint Stream;
    internal readonly uint Position;

    internal LinkFrame(uint length, uint kind, uint stream, ulong position) =>
        (Length, Kind, Stream, Position) = (length, kind, stream, (uint)position);

    /// <summary>Reads a header; the span has <see cref="HeaderBytes"/> at least.</summary>
    internal static LinkFrame Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));

    internal void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Stream);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], Position);
    }
}
