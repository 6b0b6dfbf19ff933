using Weft.Linux.Loading;

namespace Weft.Linux.Tests.Loading;

/// <summary>A hand-made file, what must be said of it, and what Linux does with it.</summary>
internal sealed record ElfCase(string Name, ElfError Error, Native Native, Action<TestElf> Change)
{
    private const ulong Limit = 0x7fff_ffff_f000;

    internal static readonly ElfCase[] All =
    [
        new("a fixed program", ElfError.None, Native.Runs, _ => { }),
        new("identification bytes are not looked at", ElfError.None, Native.Runs, e => (e.Class, e.Data) = (1, 2)),
        new("no power of two as alignment", ElfError.None, Native.Runs, e => e.First = e.First with { Alignment = 0x333 }),
        new("alignment larger than the address", ElfError.None, Native.Runs, e => e.First = e.First with { Alignment = 1UL << 63 }),
        new("1170 program headers", ElfError.None, Native.Runs, e => Fill(e, 1170)),
        new("overlapping segments", ElfError.None, Native.Runs, e => e.Headers.Add(e.First)),
        new("an empty segment at address 0", ElfError.None, Native.Runs, e => e.Headers.Add(new(TestElf.Load, 6, 3, 0, 0, 0, 0))),
        new("descending segments", ElfError.None, Native.Runs, e => e.Headers.Add(new(TestElf.Load, 6, 0x1000, 0x300000, 8, 8, 0x1000))),
        new("table mapped by no segment", ElfError.None, Native.Runs, e => e.TableOffset = 0x1800),
        new("position-independent, huge page", ElfError.None, Native.Runs, e => Move(e, 0, 0x200000)),
        new("position-independent, prelinked", ElfError.None, Native.Runs, e => Move(e, 0x400000, 0x1000)),
        new("1171 program headers", ElfError.TooManyProgramHeaders, Native.NotExecutable, e => Fill(e, 1171)),
        new("no program headers", ElfError.NoProgramHeaders, Native.NotExecutable, e => e.Count = 0),
        new("header size 32", ElfError.BadProgramHeaderSize, Native.NotExecutable, e => e.EntrySize = 32),
        new("i386", ElfError.ThirtyTwoBit, Native.NotExecutable, e => (e.Class, e.Machine) = (1, 3)),
        new("x32", ElfError.ThirtyTwoBit, Native.NotExecutable, e => (e.Class, e.EntrySize) = (1, 32)),
        new("big endian", ElfError.BigEndian, Native.NotExecutable, e => (e.Data, e.Machine, e.Type) = (2, 0x1600, 0x200)),
        new("another architecture", ElfError.WrongMachine, Native.NotExecutable, e => e.Machine = 183),
        new("an object file", ElfError.Relocatable, Native.NotExecutable, e => e.Type = 1),
        new("a core dump", ElfError.CoreDump, Native.NotExecutable, e => e.Type = 4),
        new("an odd type", ElfError.NotExecutable, Native.NotExecutable, e => e.Type = 9),
        new("table past the end", ElfError.Truncated, Native.NotExecutable, e => e.TableOffset = 0x1fd0),
        new("table at a wrapping offset", ElfError.Truncated, Native.NotExecutable, e => e.TableOffset = ulong.MaxValue - 10),
        new("loader's name of one byte", ElfError.BadInterpreter, Native.NotExecutable, e => e.Headers.Insert(0, Name1(0x1000, 1))),
        new("loader's name too long", ElfError.BadInterpreter, Native.NotExecutable, e => e.Headers.Insert(0, Name1(0x100, 4097))),
        new("loader's name past the end", ElfError.InterpreterOutsideFile, Native.IoError, e => e.Headers.Insert(0, Name1(0x1ff8, 20))),
        new("nothing to load", ElfError.NoLoadSegments, Native.Dies, e => e.First = e.First with { Type = 6 }),
        new("more in the file than in memory", ElfError.FileSizeExceedsMemorySize, Native.Dies, e => e.First = e.First with { MemorySize = 0xfff }),
        new("a segment beyond user space", ElfError.AddressOutOfRange, Native.Dies, e => Add(e, Limit, 0, 0)),
        new("a segment that ends beyond user space", ElfError.AddressOutOfRange, Native.Dies, e => Add(e, Limit - 0x1000, 0, 0x1001)),
        new("a segment that wraps", ElfError.AddressOutOfRange, Native.Dies, e => Add(e, 0x800000, 0, ulong.MaxValue - 0x1000)),
        new("offset and address differ", ElfError.Misaligned, Native.Dies, e => e.Headers.Add(new(TestElf.Load, 6, 0x10, 0x800000, 16, 16, 0x1000))),
        new("a segment past the end", ElfError.Truncated, Native.Unlike, e => e.Headers.Add(new(TestElf.Load, 6, 0x2000, 0x800000, 1, 1, 0x1000))),
        new("a segment at a wrapping offset", ElfError.Truncated, Native.Dies, e => e.Headers.Add(new(TestElf.Load, 6, ulong.MaxValue - 0xfff, 0x800000, 0x2000, 0x2000, 0x1000))),
        new("a segment at address 0", ElfError.AddressTooLow, Native.Unlike, e => Add(e, 0, 0, 0x1000)),
        new("entry beyond user space", ElfError.AddressOutOfRange, Native.Dies, e => e.Entry = Limit),
        new("an absurd alignment", ElfError.AlignmentTooLarge, Native.Unlike, e => Move(e, 0, 1UL << 63)),
    ];

    private static void Move(TestElf elf, ulong address, ulong alignment)
    {
        elf.Type = 3;
        elf.Entry = address + TestElf.CodeOffset;
        elf.First = elf.First with { Address = address, Alignment = alignment };
    }

    private static void Fill(TestElf elf, int count)
    {
        elf.TableOffset = 0x2000;
        elf.Length = 0x14000;
        while (elf.Headers.Count < count)
            elf.Headers.Add(new(0, 0, 0, 0, 0, 0, 0));
    }

    private static void Add(TestElf elf, ulong address, ulong fileSize, ulong memorySize)
        => elf.Headers.Add(new(TestElf.Load, 6, 0, address, fileSize, memorySize, 0x1000));

    private static TestElf.Header Name1(ulong offset, ulong length) => new(TestElf.Interp, 4, offset, 0, length, length, 1);
}
