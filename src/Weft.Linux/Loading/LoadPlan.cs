using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Weft.Linux.Loading;

/// <summary>
/// The mappings that load one ELF image at one place, in the order in which to make them. Immutable. Every action lies
/// in [<see cref="SpanStart"/>, <see cref="SpanEnd"/>), itself within [<see cref="MinimumAddress"/>, <see cref="UserAddressLimit"/>).
/// </summary>
/// <remarks>
/// A later action may overlap an earlier one and replaces it. Pages of the span that no action covers stay unmapped.
/// Source: Linux fs/binfmt_elf.c (elf_load, elf_map, padzero).
/// </remarks>
public sealed class LoadPlan
{
    /// <summary>First address behind user space: 47 bits less a guard page, Linux's TASK_SIZE.</summary>
    public const ulong UserAddressLimit = 0x7fff_ffff_f000;

    /// <summary>No segment is mapped below this (Linux's default vm.mmap_min_addr).</summary>
    public const ulong MinimumAddress = 0x1_0000;

    /// <summary>The largest alignment that leaves a position-independent image a place above <see cref="MinimumAddress"/>.</summary>
    public const ulong MaximumAlignment = 1UL << 46;

    private readonly LoadAction[] actions;

    private LoadPlan(LoadAction[] actions) => this.actions = actions;

    /// <summary>The steps, in order.</summary>
    public ReadOnlySpan<LoadAction> Actions => actions;

    /// <summary>What was added to each address of the file, modulo 2^64.</summary>
    public required ulong Bias { get; init; }

    /// <summary>First address of the range to reserve, page-aligned.</summary>
    public required ulong SpanStart { get; init; }

    /// <summary>First address behind the range to reserve, page-aligned.</summary>
    public required ulong SpanEnd { get; init; }

    /// <summary>Bytes to reserve.</summary>
    public ulong SpanLength => SpanEnd - SpanStart;

    /// <summary>
    /// The entry point with the bias. In user space, except perhaps for a program that has an interpreter: there it only becomes AT_ENTRY.
    /// </summary>
    public required ulong Entry { get; init; }

    /// <summary>Address of the program headers with the bias, for AT_PHDR.</summary>
    public required ulong ProgramHeaderAddress { get; init; }

    /// <summary>Where the break starts if it is not randomized: the page behind the highest segment.</summary>
    public required ulong BreakStart { get; init; }

    /// <summary>Plans the loading of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="bias">From <see cref="LoadPlacement"/>: a multiple of the page size, added modulo 2^64; 0 for a fixed image.</param>
    /// <param name="pageSize">A power of two from 4096 up; 4096 for x86-64.</param>
    /// <param name="role">What the image is loaded as.</param>
    /// <param name="plan">The plan, if true is returned.</param>
    /// <param name="failure">Why not, if false is returned.</param>
    /// <exception cref="ArgumentOutOfRangeException">The page size is none.</exception>
    public static bool TryCreate(
        ElfImage image, ulong bias, ulong pageSize, ElfRole role, [NotNullWhen(true)] out LoadPlan? plan, out ElfFailure failure)
    {
        if (!BitOperations.IsPow2(pageSize) || pageSize is < ElfFormat.PageSize or > 1UL << 30)
            throw new ArgumentOutOfRangeException(nameof(pageSize), pageSize, "not a page size");

        plan = null;
        ulong start = (image.SpanLow & ~(pageSize - 1)) + bias;
        ulong span = RoundUp(image.SpanHigh, pageSize) - (image.SpanLow & ~(pageSize - 1));
        ulong breakStart = RoundUp(image.BreakAddress, pageSize) + bias;
        ulong entry = image.Entry + bias;
        bool entryMatters = role == ElfRole.Interpreter || image.Interpreter is null;

        if ((bias & (pageSize - 1)) != 0 || !AreMappable(image.Segments, pageSize))
            failure = new(ElfError.Misaligned, $"cannot be mapped with pages of {pageSize} bytes");
        else if (image.IsPositionIndependent && image.Alignment > MaximumAlignment)
            failure = new(ElfError.AlignmentTooLarge, $"asks for an alignment of 0x{image.Alignment:x}, more than the address space allows");
        else if (start >= UserAddressLimit || span > UserAddressLimit - start || breakStart > UserAddressLimit)
            failure = new(ElfError.AddressOutOfRange, "does not fit in the 47-bit user address space");
        else if (start < MinimumAddress)
            failure = new(ElfError.AddressTooLow, $"asks to be loaded at 0x{start:x}, below 0x{MinimumAddress:x}");
        else if (entryMatters && entry >= UserAddressLimit)
            failure = new(ElfError.AddressOutOfRange, "has its entry point outside the 47-bit user address space");
        else
        {
            failure = default;
            plan = new(ActionsOf(image.Segments, bias, pageSize))
            {
                Bias = bias,
                SpanStart = start,
                SpanEnd = start + span,
                Entry = entry,
                ProgramHeaderAddress = image.ProgramHeaderAddress + bias,
                BreakStart = breakStart,
            };
            return true;
        }

        return false;
    }

    private static bool AreMappable(ReadOnlySpan<ElfSegment> segments, ulong pageSize)
    {
        foreach (ElfSegment segment in segments)
        {
            if (segment.FileSize != 0 && ((segment.FileOffset ^ segment.Address) & (pageSize - 1)) != 0)
                return false;
        }

        return true;
    }

    private static LoadAction[] ActionsOf(ReadOnlySpan<ElfSegment> segments, ulong bias, ulong pageSize)
    {
        var actions = new List<LoadAction>(segments.Length * 2);
        foreach (ElfSegment segment in segments)
        {
            ulong page = (segment.Address & ~(pageSize - 1)) + bias;
            ulong within = segment.Address & (pageSize - 1);
            ulong fileEnd = page + within + segment.FileSize;
            ulong zeroStart = page;
            if (segment.FileSize != 0)
            {
                ulong mapEnd = RoundUp(fileEnd, pageSize);
                actions.Add(new(LoadActionKind.MapFile, page, mapEnd - page, segment.Protection, segment.FileOffset - within));

                // Linux zeroes to the page's end even past MemorySize, but leaves the file's bytes where the page can't be written
                // and where the segment has no memory beyond its file part.
                bool writable = (segment.Protection & SegmentProtection.Write) != 0;
                if (segment.MemorySize > segment.FileSize && writable && mapEnd != fileEnd)
                    actions.Add(new(LoadActionKind.Zero, fileEnd, mapEnd - fileEnd, segment.Protection, 0));
                zeroStart = mapEnd;
            }

            ulong zeroEnd = RoundUp(page + within + segment.MemorySize, pageSize);
            if (segment.MemorySize > segment.FileSize && zeroEnd > zeroStart)
                actions.Add(new(LoadActionKind.MapAnonymous, zeroStart, zeroEnd - zeroStart, AnonymousProtection(segment), 0));
        }

        return [.. actions];
    }

    // Linux maps these through brk's path: readable and writable whatever the header says.
    private static SegmentProtection AnonymousProtection(in ElfSegment segment)
        => SegmentProtection.Read | SegmentProtection.Write | (segment.Protection & SegmentProtection.Execute);

    private static ulong RoundUp(ulong value, ulong pageSize) => (value + pageSize - 1) & ~(pageSize - 1);
}
