using System.Buffers.Binary;

namespace Weft.Fabric.Security;

/// <summary>Who dials whom, by numbers: the first thing that the dialling end says.</summary>
internal readonly record struct Introduction(ushort From, ushort To)
{
    internal const int SizeBytes = 16;

    /// <summary>"WEFTLINK".</summary>
    private static ReadOnlySpan<byte> Magic => "WEFTLINK"u8;

    internal void Write(Span<byte> bytes)
    {
        bytes[..SizeBytes].Clear();
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[8..], From);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], To);
    }

    /// <summary>Reads one that must be meant for this host.</summary>
    /// <exception cref="LinkRefusedException">It is none, or for another.</exception>
    internal static Introduction Read(ReadOnlySpan<byte> bytes, ushort self)
    {
        if (!bytes[..8].SequenceEqual(Magic))
            throw new LinkRefusedException("something that is no weftd connected");
        Introduction introduction = new(BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]));
        if (introduction.To != self || introduction.From == self || introduction.From == 0)
            throw new LinkRefusedException($"host {introduction.From} looks for host {introduction.To}, which this is not");
        return introduction;
    }
}
