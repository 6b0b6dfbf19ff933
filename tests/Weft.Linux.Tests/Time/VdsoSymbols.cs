using System.Buffers.Binary;
using System.Text;

namespace Weft.Linux.Tests.Time;

/// <summary>Looks symbols up in a loaded vDSO as C libraries do: by the program headers and PT_DYNAMIC alone.</summary>
internal sealed class VdsoSymbols
{
    private readonly byte[] _image;
    private readonly Dictionary<ulong, int> _dynamic = [];

    public VdsoSymbols(ReadOnlySpan<byte> image)
    {
        _image = image.ToArray();
        var header = (int)U64(32);
        for (var i = 0; i < U16(56); i++, header += U16(54))
        {
            if (U32(header) == 1)
                Loads.Add((U32(header + 4), (int)U64(header + 8), U64(header + 16), U64(header + 32), U64(header + 40)));
            if (U32(header) == 2)
                DynamicFlags = U32(header + 4);
            if (U32(header) != 2)
                continue;
            for (var at = (int)U64(header + 8); U64(at) != 0; at += 16)
                _dynamic.Add(U64(at), (int)U64(at + 8));
        }
    }

    public List<(uint Flags, int Offset, ulong Address, ulong FileSize, ulong MemorySize)> Loads { get; } = [];

    public uint DynamicFlags { get; }

    public string SharedObjectName => Text(_dynamic[14]);

    private int Strings => _dynamic[5];

    private int Symbols => _dynamic[6];

    /// <summary>Address by DT_HASH, as musl and Go's older runtimes find it; 0 if it isn't there.</summary>
    public int FindByHash(string name, string version)
    {
        var table = _dynamic[4];
        var hash = 0u;
        foreach (var c in name)
        {
            hash = hash * 16 + c;
            hash ^= (hash >> 24) & 0xF0;
        }
        hash &= 0x0FFF_FFFF;
        var buckets = U32(table);
        var index = U32(table + 8 + 4 * (int)(hash % buckets));
        for (; index != 0; index = U32(table + 8 + 4 * (int)(buckets + index)))
        {
            if (Matches((int)index, name, version))
                return Value((int)index);
        }
        return 0;
    }

    /// <summary>Address by DT_GNU_HASH, as glibc finds it; 0 if it isn't there.</summary>
    public int FindByGnuHash(string name, string version)
    {
        var table = _dynamic[0x6FFFFEF5];
        var hash = name.Aggregate(5381u, (h, c) => h * 33 + c);
        var (bucketCount, first, words, shift) = (U32(table), U32(table + 4), U32(table + 8), (int)U32(table + 12));
        var word = U64(table + 16 + 8 * (int)(hash / 64 % words));
        if ((word >> (int)(hash % 64) & word >> (int)((hash >> shift) % 64) & 1) == 0)
            return 0;
        var buckets = table + 16 + 8 * (int)words;
        var chain = buckets + 4 * (int)bucketCount;
        var index = U32(buckets + 4 * (int)(hash % bucketCount));
        if (index == 0)
            return 0;
        while (true)
        {
            var entry = U32(chain + 4 * (int)(index - first));
            if ((entry | 1) == (hash | 1) && Matches((int)index, name, version))
                return Value((int)index);
            if ((entry & 1) != 0)
                return 0;
            index++;
        }
    }

    private bool Matches(int index, string name, string version)
    {
        var symbol = Symbols + 24 * index;
        var type = _image[symbol + 4] & 15;
        var binding = _image[symbol + 4] >> 4;
        return type == 2 && binding is 1 or 2 && U16(symbol + 6) != 0 && Text(Strings + (int)U32(symbol)) == name
            && VersionName(U16(_dynamic[0x6FFFFFF0] + 2 * index)) == version;
    }

    private string VersionName(int versionIndex)
    {
        for (var at = _dynamic[0x6FFFFFFC]; ; at += (int)U32(at + 16))
        {
            var isBase = (U16(at + 2) & 1) != 0;
            if (!isBase && U16(at + 4) == (versionIndex & 0x7FFF))
                return Text(Strings + (int)U32(at + (int)U32(at + 12)));
            if (U32(at + 16) == 0)
                return "";
        }
    }

    private int Value(int index) => (int)U64(Symbols + 24 * index + 8);

    private string Text(int at)
    {
        if (at < Strings)
            at += Strings;
        return Encoding.ASCII.GetString(_image, at, Array.IndexOf(_image, (byte)0, at) - at);
    }

    private int U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_image.AsSpan(at));

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_image.AsSpan(at));

    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_image.AsSpan(at));
}
