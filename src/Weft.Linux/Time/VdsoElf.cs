using System.Buffers.Binary;
using System.Text;

namespace Weft.Linux.Time;

/// <summary>
/// Lays a piece of code out as the ELF shared object that a C library, Go's runtime or a debugger expects at
/// AT_SYSINFO_EHDR: one read-execute segment at address 0, both hash tables, versions, and unwind tables.
/// </summary>
/// <remarks>Sources: System V gABI chapters 4 and 5; the psABI of x86-64; the LSB on .eh_frame_hdr and symbol versions;
/// GNU hash as binutils writes it. Build-time only.</remarks>
internal sealed class VdsoElf
{
    private const string SharedObjectName = "linux-vdso.so.1";
    private const string VersionName = "LINUX_2.6";
    private const int HeaderBytes = 64, ProgramHeaderBytes = 56, SectionHeaderBytes = 64, SymbolBytes = 24;
    private const int SegmentCount = 3, BucketCount = 4, GnuBloomShift = 6, DynamicEntries = 12, VersionBytes = 56;
    private const int TextSectionIndex = 10;

    private readonly byte[] _image = new byte[VdsoImage.SizeBytes];
    private readonly List<Section> _sections = [new("", 0, 0, 0, 0, 0, 0, 0, 0)];
    private readonly MemoryStream _strings = new();
    private int _end = HeaderBytes + SegmentCount * ProgramHeaderBytes;

    private sealed record Section(string Name, uint Type, ulong Flags, int Offset, int Size, uint Link, uint Info, int Align, int EntrySize);

    private sealed record Symbol(string Name, int NameOffset, int Value, int Size, bool Weak)
    {
        public uint GnuHash { get; } = GnuHashOf(Name);
    }

    /// <summary>The image of one page that holds the code which <paramref name="code"/> assembles.</summary>
    /// <exception cref="InvalidOperationException">It doesn't fit: a bug here.</exception>
    public static byte[] Write(VdsoCode code) => new VdsoElf().WriteImage(code);

    private byte[] WriteImage(VdsoCode code)
    {
        _strings.WriteByte(0);
        var sharedName = AddString(SharedObjectName);
        var versionName = AddString(VersionName);

        // The code comes last, and where it begins doesn't change it: assemble once for the names and lengths.
        var text = code.Assemble(0);
        var symbols = CollectSymbols(code);
        var strings = _strings.ToArray();

        var hash = Reserve(".hash", 5, 2, 4 * (2 + BucketCount + symbols.Count + 1), 3, 0, 8, 4);
        var gnuHash = Reserve(".gnu.hash", 0x6FFFFFF6, 2, 16 + 8 + 4 * BucketCount + 4 * symbols.Count, 3, 0, 8, 0);
        var symbolTable = Reserve(".dynsym", 11, 2, SymbolBytes * (symbols.Count + 1), 4, 1, 8, SymbolBytes);
        var stringTable = Reserve(".dynstr", 3, 2, strings.Length, 0, 0, 1, 0);
        var versions = Reserve(".gnu.version", 0x6FFFFFFF, 2, 2 * (symbols.Count + 1), 3, 0, 2, 2);
        var definitions = Reserve(".gnu.version_d", 0x6FFFFFFD, 2, VersionBytes, 4, 2, 8, 0);
        var dynamic = Reserve(".dynamic", 6, 2, 16 * DynamicEntries, 4, 0, 8, 16);
        var unwindIndex = Reserve(".eh_frame_hdr", 1, 2, 20, 0, 0, 4, 0);
        var unwind = Reserve(".eh_frame", 1, 2, 48, 0, 0, 8, 0);
        var textOffset = Reserve(".text", 1, 6, text.Length, 0, 0, 64, 0);

        new VdsoCode().Assemble(textOffset).CopyTo(_image, textOffset);
        strings.CopyTo(_image, stringTable);
        WriteSymbols(symbols, symbolTable, versions, textOffset);
        WriteHash(symbols, hash);
        WriteGnuHash(symbols, gnuHash);
        WriteVersions(definitions, sharedName, versionName);
        WriteUnwind(unwindIndex, unwind, textOffset, text.Length);
        WriteDynamic(dynamic,
        [
            (14, sharedName), (4, hash), (0x6FFFFEF5, gnuHash), (5, stringTable), (6, symbolTable), (10, strings.Length),
            (11, SymbolBytes), (0x6FFFFFFC, definitions), (0x6FFFFFFD, 2), (0x6FFFFFF0, versions),
        ]);
        WriteHeaders(dynamic, unwindIndex);
        return _image;
    }

    // Sorted by bucket, as the GNU hash table wants them.
    private List<Symbol> CollectSymbols(VdsoCode code)
    {
        var symbols = new List<Symbol>();
        foreach (var (name, offset, length) in code.Functions)
        {
            var prefixed = AddString("__vdso_" + name);
            symbols.Add(new("__vdso_" + name, prefixed, offset, length, false));
            symbols.Add(new(name, prefixed + "__vdso_".Length, offset, length, true));
        }
        symbols.Sort((left, right) => (left.GnuHash % BucketCount, left.NameOffset).CompareTo((right.GnuHash % BucketCount, right.NameOffset)));
        return symbols;
    }

    private int AddString(string text)
    {
        var offset = (int)_strings.Length;
        _strings.Write(Encoding.ASCII.GetBytes(text));
        _strings.WriteByte(0);
        return offset;
    }

    private int Reserve(string name, uint type, ulong flags, int size, uint link, uint info, int align, int entrySize)
    {
        var offset = _end + align - 1 & -align;
        _end = offset + size;
        if (_end > _image.Length)
            throw new InvalidOperationException($"The vDSO outgrew its page at {name}: {_end} bytes.");
        _sections.Add(new(name, type, flags, offset, size, link, info, align, entrySize));
        return offset;
    }

    private void WriteSymbols(List<Symbol> symbols, int table, int versions, int textOffset)
    {
        for (var i = 0; i < symbols.Count; i++)
        {
            var at = table + SymbolBytes * (i + 1);
            U32(at, (uint)symbols[i].NameOffset);
            _image[at + 4] = (byte)((symbols[i].Weak ? 2 : 1) << 4 | 2); // STB_WEAK or STB_GLOBAL, STT_FUNC
            U16(at + 6, TextSectionIndex);
            U64(at + 8, (ulong)(textOffset + symbols[i].Value));
            U64(at + 16, (ulong)symbols[i].Size);
            U16(versions + 2 * (i + 1), 2);
        }
    }

    private void WriteHash(List<Symbol> symbols, int at)
    {
        U32(at, BucketCount);
        U32(at + 4, (uint)symbols.Count + 1);
        var buckets = at + 8;
        var chains = buckets + 4 * BucketCount;
        for (var i = symbols.Count; i > 0; i--)
        {
            var bucket = buckets + 4 * (int)(SystemVHashOf(symbols[i - 1].Name) % BucketCount);
            U32(chains + 4 * i, BinaryPrimitives.ReadUInt32LittleEndian(_image.AsSpan(bucket)));
            U32(bucket, (uint)i);
        }
    }

    private void WriteGnuHash(List<Symbol> symbols, int at)
    {
        U32(at, BucketCount);
        U32(at + 4, 1); // first symbol in the table
        U32(at + 8, 1); // words of the Bloom filter
        U32(at + 12, GnuBloomShift);
        var buckets = at + 16 + 8;
        var chain = buckets + 4 * BucketCount;
        ulong bloom = 0;
        for (var i = 0; i < symbols.Count; i++)
        {
            var hash = symbols[i].GnuHash;
            bloom |= 1UL << (int)(hash % 64) | 1UL << (int)((hash >> GnuBloomShift) % 64);
            var first = i == 0 || symbols[i - 1].GnuHash % BucketCount != hash % BucketCount;
            var last = i == symbols.Count - 1 || symbols[i + 1].GnuHash % BucketCount != hash % BucketCount;
            if (first)
                U32(buckets + 4 * (int)(hash % BucketCount), (uint)i + 1);
            U32(chain + 4 * i, last ? hash | 1 : hash & ~1u);
        }
        U64(at + 16, bloom);
    }

    private void WriteVersions(int at, int sharedName, int versionName)
    {
        WriteVersion(at, VersionBytes / 2, true, 1, SharedObjectName, sharedName);
        WriteVersion(at + VersionBytes / 2, 0, false, 2, VersionName, versionName);
    }

    // Elf64_Verdef and its one Elf64_Verdaux.
    private void WriteVersion(int at, int next, bool isBase, ushort index, string name, int nameOffset)
    {
        U16(at, 1);
        U16(at + 2, (ushort)(isBase ? 1 : 0));
        U16(at + 4, index);
        U16(at + 6, 1);
        U32(at + 8, SystemVHashOf(name));
        U32(at + 12, 20);
        U32(at + 16, (uint)next);
        U32(at + 20, (uint)nameOffset);
    }

    // One rule for all the code: CFA = RSP + 8, and the return address just below it.
    private void WriteUnwind(int index, int at, int textOffset, int textLength)
    {
        ReadOnlySpan<byte> common =
        [
            1, (byte)'z', (byte)'R', 0, 1, 0x78, 16, 1, 0x1B, // version 1, "zR", align 1 and -8, RA 16, pcrel sdata4
            0x0C, 7, 8, 0x80 | 16, 1, // DW_CFA_def_cfa rsp 8; DW_CFA_offset r16 at cfa-8
        ];
        U32(at, 20);
        common.CopyTo(_image.AsSpan(at + 8));
        var frame = at + 24;
        U32(frame, 16);
        U32(frame + 4, (uint)(frame + 4 - at));
        U32(frame + 8, (uint)(textOffset - (frame + 8)));
        U32(frame + 12, (uint)textLength);

        ReadOnlySpan<byte> encodings = [1, 0x1B, 0x03, 0x3B]; // pcrel sdata4, udata4, datarel sdata4
        encodings.CopyTo(_image.AsSpan(index));
        U32(index + 4, (uint)(at - (index + 4)));
        U32(index + 8, 1);
        U32(index + 12, (uint)(textOffset - index));
        U32(index + 16, (uint)(frame - index));
    }

    private void WriteDynamic(int at, ReadOnlySpan<(ulong Tag, int Value)> entries)
    {
        foreach (var (tag, value) in entries)
        {
            U64(at, tag);
            U64(at + 8, (ulong)value);
            at += 16;
        }
    }

    private void WriteHeaders(int dynamic, int unwindIndex)
    {
        var sectionTable = WriteSectionHeaders();
        ReadOnlySpan<byte> ident = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        ident.CopyTo(_image);
        U16(16, 3); // ET_DYN
        U16(18, 62); // EM_X86_64
        U32(20, 1);
        U64(32, HeaderBytes);
        U64(40, (ulong)sectionTable);
        U16(52, HeaderBytes);
        U16(54, ProgramHeaderBytes);
        U16(56, SegmentCount);
        U16(58, SectionHeaderBytes);
        U16(60, (ushort)_sections.Count);
        U16(62, (ushort)(_sections.Count - 1));

        WriteSegment(0, 1, 5, 0, _end, 0x1000); // PT_LOAD R+X
        WriteSegment(1, 2, 4, dynamic, 16 * DynamicEntries, 8); // PT_DYNAMIC
        WriteSegment(2, 0x6474E550, 4, unwindIndex, 20, 4); // PT_GNU_EH_FRAME
    }

    private void WriteSegment(int index, uint type, uint flags, int offset, int size, int align)
    {
        var at = HeaderBytes + index * ProgramHeaderBytes;
        U32(at, type);
        U32(at + 4, flags);
        U64(at + 8, (ulong)offset);
        U64(at + 16, (ulong)offset);
        U64(at + 24, (ulong)offset);
        U64(at + 32, (ulong)size);
        U64(at + 40, (ulong)size);
        U64(at + 48, (ulong)align);
    }

    // No loader needs sections; debuggers and binutils find symbols by them.
    private int WriteSectionHeaders()
    {
        var names = Encoding.ASCII.GetBytes(string.Concat(_sections.Select(s => s.Name + '\0')) + ".shstrtab\0");
        names.CopyTo(_image, Reserve(".shstrtab", 3, 0, names.Length, 0, 0, 1, 0));
        var table = _end + 7 & -8;
        _end = table + SectionHeaderBytes * _sections.Count;
        if (_end > _image.Length)
            throw new InvalidOperationException($"The vDSO outgrew its page: {_end} bytes.");
        var name = 0u;
        for (var i = 0; i < _sections.Count; i++)
        {
            var at = table + SectionHeaderBytes * i;
            var section = _sections[i];
            U32(at, name);
            U32(at + 4, section.Type);
            U64(at + 8, section.Flags);
            U64(at + 16, section.Flags == 0 ? 0 : (ulong)section.Offset);
            U64(at + 24, (ulong)section.Offset);
            U64(at + 32, (ulong)section.Size);
            U32(at + 40, section.Link);
            U32(at + 44, section.Info);
            U64(at + 48, (ulong)section.Align);
            U64(at + 56, (ulong)section.EntrySize);
            name += (uint)section.Name.Length + 1;
        }
        return table;
    }

    private static uint SystemVHashOf(string name)
    {
        var hash = 0u;
        foreach (var c in name)
        {
            hash = (hash << 4) + c;
            var high = hash & 0xF000_0000;
            hash = (hash ^ high >> 24) & ~high;
        }
        return hash;
    }

    private static uint GnuHashOf(string name)
    {
        var hash = 5381u;
        foreach (var c in name)
            hash = hash * 33 + c;
        return hash;
    }

    private void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(_image.AsSpan(at), value);

    private void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_image.AsSpan(at), value);

    private void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_image.AsSpan(at), value);
}
