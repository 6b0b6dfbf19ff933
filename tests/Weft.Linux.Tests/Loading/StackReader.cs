using System.Buffers.Binary;

namespace Weft.Linux.Tests.Loading;

/// <summary>Reads a stack as a C library's start-up code does, by the psABI alone.</summary>
internal sealed class StackReader
{
    private readonly byte[] bytes;
    private readonly ulong start;

    internal StackReader(byte[] bytes, ulong start)
    {
        (this.bytes, this.start) = (bytes, start);
        ulong at = start;
        ulong count = Word(ref at);
        for (ulong i = 0; i < count; i++)
            Arguments.Add(Word(ref at));
        Assert.Equal(0UL, Word(ref at));
        for (ulong pointer = Word(ref at); pointer != 0; pointer = Word(ref at))
            Environment.Add(pointer);
        AuxiliaryStart = at;
        for (ulong type = Word(ref at); type != 0; type = Word(ref at))
            Auxiliary.Add((type, Word(ref at)));
        Assert.Equal(0UL, Word(ref at));
        AuxiliaryEnd = at;
    }

    internal List<ulong> Arguments { get; } = [];

    internal List<ulong> Environment { get; } = [];

    internal List<(ulong Type, ulong Value)> Auxiliary { get; } = [];

    internal ulong AuxiliaryStart { get; }

    internal ulong AuxiliaryEnd { get; }

    internal ulong Value(ulong type) => Auxiliary.Single(entry => entry.Type == type).Value;

    internal byte[] Text(ulong address)
    {
        ReadOnlySpan<byte> rest = From(address);
        return rest[..rest.IndexOf((byte)0)].ToArray();
    }

    internal ReadOnlySpan<byte> From(ulong address)
    {
        Assert.InRange(address, start, start + (ulong)bytes.Length - 1);
        return bytes.AsSpan((int)(address - start));
    }

    private ulong Word(ref ulong at)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(From(at));
        at += 8;
        return value;
    }
}
