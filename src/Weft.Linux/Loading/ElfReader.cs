using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Weft.Linux.Loading;

/// <summary>The checks behind <see cref="ElfImage"/>, in the order in which Linux makes them.</summary>
internal static class ElfReader
{
    internal static ElfFailure BadInterpreter => new(
        ElfError.BadInterpreter, "names its dynamic loader in a malformed way (PT_INTERP)");

    internal static bool TryProgramHeaderRange(
        ReadOnlySpan<byte> head, long fileLength, out FileRange range, out ElfFailure failure)
    {
        range = default;
        Span<byte> header = stackalloc byte[ElfFormat.HeaderSize];
        CopyHeader(head, fileLength, header);
        int count = U16(header, ElfFormat.ProgramHeaderCountOffset);
        if (!IsLoadable(header) || (count == 0 && fileLength < ElfFormat.HeaderSize))
        {
            failure = Diagnose(header, fileLength);
            return false;
        }

        ulong offset = U64(header, ElfFormat.ProgramHeaderOffsetOffset);
        int length = count * ElfFormat.ProgramHeaderSize;
        if (count == 0)
            failure = new(ElfError.NoProgramHeaders, "is an ELF file without program headers");
        else if (length > ElfFormat.MaxProgramHeaderTableSize)
            failure = new(ElfError.TooManyProgramHeaders, $"has {count} program headers; Linux loads at most {ElfFormat.MaxProgramHeaderTableSize / ElfFormat.ProgramHeaderSize}");
        else if (!Fits(offset, (ulong)length, fileLength))
            failure = new(ElfError.Truncated, "is truncated: its program headers lie past its end");
        else
        {
            failure = default;
            range = new((long)offset, length);
            return true;
        }

        return false;
    }

    internal static bool TryRead(
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> table,
        long fileLength,
        ElfRole role,
        [NotNullWhen(true)] out ElfImage? image,
        out ElfFailure failure)
    {
        image = null;
        Span<byte> header = stackalloc byte[ElfFormat.HeaderSize];
        CopyHeader(head, fileLength, header);
        if (!TryInterpreter(table, fileLength, role, out FileRange? interpreter, out failure)
            || !TrySegments(table, fileLength, out ElfSegment[] segments, out failure))
            return false;

        ulong tableOffset = U64(header, ElfFormat.ProgramHeaderOffsetOffset);
        Measure(segments, out ulong low, out ulong high, out ulong end, out ulong alignment);
        image = new(segments)
        {
            IsPositionIndependent = U16(header, ElfFormat.TypeOffset) == ElfFormat.TypeDynamic,
            Entry = U64(header, ElfFormat.EntryOffset),
            ProgramHeaderCount = table.Length / ElfFormat.ProgramHeaderSize,
            ProgramHeaderAddress = AddressOfFileOffset(segments, tableOffset),
            Interpreter = interpreter,
            HasExecutableStack = HasExecutableStack(table),
            SpanLow = low,
            SpanHigh = high,
            BreakAddress = end,
            Alignment = alignment,
        };
        return true;
    }

    // A file shorter than the header reads as if zeros followed, as in Linux's exec buffer.
    private static void CopyHeader(ReadOnlySpan<byte> head, long fileLength, Span<byte> header)
    {
        long length = Math.Min(Math.Min(head.Length, header.Length), Math.Max(fileLength, 0));
        header.Clear();
        head[..(int)length].CopyTo(header);
    }

    private static bool IsLoadable(ReadOnlySpan<byte> header)
        => header.StartsWith(ElfFormat.Magic)
            && U16(header, ElfFormat.TypeOffset) is ElfFormat.TypeExecutable or ElfFormat.TypeDynamic
            && U16(header, ElfFormat.MachineOffset) == ElfFormat.MachineX8664
            && U16(header, ElfFormat.ProgramHeaderEntrySizeOffset) == ElfFormat.ProgramHeaderSize;

    private static ElfFailure Diagnose(ReadOnlySpan<byte> header, long fileLength)
    {
        if (!header.StartsWith(ElfFormat.Magic))
            return new(ElfError.NotElf, fileLength <= 0 ? "is empty" : "is not an ELF file");
        if (fileLength < ElfFormat.HeaderSize)
            return new(ElfError.Truncated, "is truncated within its ELF header");

        ushort machine = U16(header, ElfFormat.MachineOffset);
        ushort type = U16(header, ElfFormat.TypeOffset);
        if (header[ElfFormat.DataOffset] == ElfFormat.DataBigEndian)
        {
            string name = ElfFormat.MachineName(BinaryPrimitives.ReverseEndianness(machine));
            return new(ElfError.BigEndian, $"is a big-endian program for {name}; only x86-64 programs can run");
        }

        if (machine == ElfFormat.MachineX8664 && header[ElfFormat.ClassOffset] == ElfFormat.Class32)
            return new(ElfError.ThirtyTwoBit, "is a 32-bit (x32) program; only 64-bit x86-64 programs can run");
        if (header[ElfFormat.ClassOffset] == ElfFormat.Class32)
            return new(ElfError.ThirtyTwoBit, $"is a 32-bit program for {ElfFormat.MachineName(machine)}; only x86-64 programs can run");
        if (machine != ElfFormat.MachineX8664)
            return new(ElfError.WrongMachine, $"is built for {ElfFormat.MachineName(machine)}; only x86-64 programs can run");
        return type switch
        {
            ElfFormat.TypeRelocatable => new(ElfError.Relocatable, "is an object file, which must be linked before it can run"),
            ElfFormat.TypeCore => new(ElfError.CoreDump, "is a core dump, not a program"),
            ElfFormat.TypeExecutable or ElfFormat.TypeDynamic => new(
                ElfError.BadProgramHeaderSize,
                $"has program headers of {U16(header, ElfFormat.ProgramHeaderEntrySizeOffset)} bytes instead of {ElfFormat.ProgramHeaderSize}"),
            _ => new(ElfError.NotExecutable, $"is an ELF file of type {type}, not a program"),
        };
    }

    // The first PT_INTERP counts.
    private static bool TryInterpreter(
        ReadOnlySpan<byte> table, long fileLength, ElfRole role, out FileRange? interpreter, out ElfFailure failure)
    {
        interpreter = null;
        failure = default;
        if (role == ElfRole.Interpreter)
            return true;
        for (; !table.IsEmpty; table = table[ElfFormat.ProgramHeaderSize..])
        {
            if (U32(table, 0) != ElfFormat.SegmentInterpreter)
                continue;
            ulong offset = U64(table, 8);
            ulong length = U64(table, 32);
            if (length is < ElfFormat.MinInterpreterPath or > ElfFormat.MaxInterpreterPath)
                failure = BadInterpreter;
            else if (!Fits(offset, length, fileLength))
                failure = new(ElfError.InterpreterOutsideFile, "is truncated: the name of its dynamic loader lies past its end");
            else
            {
                interpreter = new((long)offset, (int)length);
                return true;
            }

            return false;
        }

        return true;
    }

    // The last PT_GNU_STACK counts.
    private static bool HasExecutableStack(ReadOnlySpan<byte> table)
    {
        bool executable = false;
        for (; !table.IsEmpty; table = table[ElfFormat.ProgramHeaderSize..])
        {
            if (U32(table, 0) == ElfFormat.SegmentGnuStack)
                executable = (U32(table, 4) & ElfFormat.FlagExecute) != 0;
        }

        return executable;
    }

    private static bool TrySegments(
        ReadOnlySpan<byte> table, long fileLength, out ElfSegment[] segments, out ElfFailure failure)
    {
        segments = [];
        failure = default;
        var found = new List<ElfSegment>(table.Length / ElfFormat.ProgramHeaderSize);
        bool anything = false;
        for (; !table.IsEmpty; table = table[ElfFormat.ProgramHeaderSize..])
        {
            if (U32(table, 0) != ElfFormat.SegmentLoad)
                continue;
            var segment = new ElfSegment(
                U64(table, 16), U64(table, 40), U64(table, 8), U64(table, 32), ProtectionOf(U32(table, 4)), U64(table, 48));
            if (!IsSound(segment, fileLength, found.Count, out failure))
                return false;
            found.Add(segment);
            anything |= segment.MemorySize != 0;
        }

        if (!anything)
        {
            failure = new(ElfError.NoLoadSegments, "has nothing to load (no PT_LOAD segment with a size)");
            return false;
        }

        segments = [.. found];
        return true;
    }

    private static bool IsSound(in ElfSegment segment, long fileLength, int index, out ElfFailure failure)
    {
        if (segment.FileSize > segment.MemorySize)
        {
            failure = new(
                ElfError.FileSizeExceedsMemorySize, $"has more bytes in the file than in memory for its segment {index}");
        }
        else if (segment.Address >= LoadPlan.UserAddressLimit || segment.MemorySize > LoadPlan.UserAddressLimit - segment.Address)
        {
            failure = new(
                ElfError.AddressOutOfRange, $"places segment {index} outside the 47-bit user address space");
        }
        else if (segment.FileSize != 0 && ((segment.FileOffset ^ segment.Address) & (ElfFormat.PageSize - 1)) != 0)
        {
            failure = new(
                ElfError.Misaligned, $"cannot be mapped: file offset and address of segment {index} differ within a page");
        }
        else if (segment.FileSize != 0 && !Fits(segment.FileOffset, segment.FileSize, fileLength))
        {
            failure = new(ElfError.Truncated, $"is truncated: segment {index} goes past its end");
        }
        else
        {
            failure = default;
            return true;
        }

        return false;
    }

    private static void Measure(
        ReadOnlySpan<ElfSegment> segments, out ulong low, out ulong high, out ulong end, out ulong alignment)
    {
        low = ulong.MaxValue;
        high = 0;
        end = 0;
        alignment = ElfFormat.PageSize;
        foreach (ElfSegment segment in segments)
        {
            end = Math.Max(end, segment.End);
            if (BitOperations.IsPow2(segment.Alignment))
                alignment = Math.Max(alignment, segment.Alignment);
            if (segment.MemorySize == 0)
                continue;
            low = Math.Min(low, segment.Address & ~(ElfFormat.PageSize - 1));
            high = Math.Max(high, (segment.End + ElfFormat.PageSize - 1) & ~(ElfFormat.PageSize - 1));
        }
    }

    // The last segment that holds the offset counts.
    private static ulong AddressOfFileOffset(ReadOnlySpan<ElfSegment> segments, ulong offset)
    {
        ulong address = 0;
        foreach (ElfSegment segment in segments)
        {
            if (segment.FileOffset <= offset && offset - segment.FileOffset < segment.FileSize)
                address = segment.Address + (offset - segment.FileOffset);
        }

        return address;
    }

    private static SegmentProtection ProtectionOf(uint flags)
        => ((flags & ElfFormat.FlagRead) != 0 ? SegmentProtection.Read : 0)
            | ((flags & ElfFormat.FlagWrite) != 0 ? SegmentProtection.Write : 0)
            | ((flags & ElfFormat.FlagExecute) != 0 ? SegmentProtection.Execute : 0);

    private static bool Fits(ulong offset, ulong length, long fileLength)
        => fileLength >= 0 && offset <= (ulong)fileLength && length <= (ulong)fileLength - offset;

    private static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static ulong U64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
