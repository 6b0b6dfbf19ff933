using System.Buffers.Binary;

namespace Weft.Linux.Tests.Loading;

/// <summary>Writes small ELF files, right or wrong. By default: a fixed program at 0x400000 that exits with 42.</summary>
internal sealed class TestElf
{
    internal const uint Load = 1;
    internal const uint Interp = 3;
    internal const uint GnuStack = 0x6474e551;
    internal const int CodeOffset = 0xf00;

    // mov eax, 60; mov edi, 42; syscall
    private static readonly byte[] Code = [0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05];

    internal ushort Type { get; set; } = 2;

    internal ushort Machine { get; set; } = 62;

    internal byte Class { get; set; } = 2;

    internal byte Data { get; set; } = 1;

    internal ulong Entry { get; set; } = 0x400000 + CodeOffset;

    internal ulong TableOffset { get; set; } = 64;

    internal ushort EntrySize { get; set; } = 56;

    internal ushort? Count { get; set; }

    internal int Length { get; set; } = 0x2000;

    internal List<Header> Headers { get; } = [new(Load, 5, 0, 0x400000, 0x1000, 0x1000, 0x1000)];

    internal Header First
    {
        get => Headers[0];
        set => Headers[0] = value;
    }

    internal byte[] ToBytes()
    {
        var bytes = new byte[Length];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', Class, Data, 1 }.CopyTo(bytes, 0);
        U16(bytes, 16, Type);
        U16(bytes, 18, Machine);
        bytes[20] = 1;
        U64(bytes, 24, Entry);
        U64(bytes, 32, TableOffset);
        U16(bytes, 52, 64);
        U16(bytes, 54, EntrySize);
        U16(bytes, 56, Count ?? (ushort)Headers.Count);
        for (int i = 0; i < Headers.Count && TableOffset <= (ulong)(Length - ((i + 1) * 56)); i++)
            Headers[i].Write(bytes.AsSpan((int)TableOffset + (i * 56)));
        Code.CopyTo(bytes, CodeOffset);
        return bytes;
    }

    private static void U16(byte[] bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), value);

    private static void U64(byte[] bytes, int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), value);

    internal sealed record Header(
        uint Type, uint Flags, ulong Offset, ulong Address, ulong FileSize, ulong MemorySize, ulong Alignment)
    {
        internal void Write(Span<byte> to)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(to, Type);
            BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Flags);
            ReadOnlySpan<ulong> rest = [Offset, Address, Address, FileSize, MemorySize, Alignment];
            for (int i = 0; i < rest.Length; i++)
                BinaryPrimitives.WriteUInt64LittleEndian(to[(8 + (i * 8))..], rest[i]);
        }
    }
}
