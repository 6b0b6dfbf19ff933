namespace Weft.Linux.Loading;

/// <summary>Where images and the break go: Linux's choices, with the randomness given by the caller. Pure functions.</summary>
public static class LoadPlacement
{
    /// <summary>
    /// Where position-independent programs begin if nothing is random: two thirds of user space, 0x555555554000 once page-aligned.
    /// Source: ELF_ET_DYN_BASE, Linux arch/x86/include/asm/elf.h.
    /// </summary>
    public const ulong DynamicBase = LoadPlan.UserAddressLimit / 3 * 2;

    /// <summary>Bits of page number that a random placement draws (Linux's default vm.mmap_rnd_bits).</summary>
    public const int RandomBits = 28;

    private const ulong BreakRandomRange = 1UL << 30;

    /// <summary>The bias of a program: 0 if it is fixed; else one that keeps the alignment it asks for.</summary>
    /// <param name="image">The program.</param>
    /// <param name="random">Any number; 0 gives the usual unrandomized place.</param>
    /// <remarks>
    /// Linux puts a position-independent program without an interpreter among its mmaps instead (at address 0 if its first segment has no
    /// file part); here all share one place.
    /// An absurd alignment yields a bias that <see cref="LoadPlan.TryCreate"/> then refuses.
    /// </remarks>
    public static ulong ProgramBias(ElfImage image, ulong random)
    {
        if (!image.IsPositionIndependent)
            return 0;
        ulong pages = random & ((1UL << RandomBits) - 1);
        ulong place = DynamicBase + (pages * ElfFormat.PageSize);
        return AlignDown(place - image.SpanLow, image.Alignment);
    }

    /// <summary>
    /// The bias that puts an image's first page at <paramref name="baseAddress"/>, or as little above it as its alignment needs;
    /// 0 if it is fixed. For interpreters: reserve <see cref="ReservationLength"/> bytes at the base.
    /// </summary>
    /// <param name="image">The image.</param>
    /// <param name="baseAddress">A page-aligned user address.</param>
    public static ulong BiasAt(ElfImage image, ulong baseAddress)
        => image.IsPositionIndependent ? AlignDown(baseAddress - image.SpanLow + image.Alignment - 1, image.Alignment) : 0;

    /// <summary>
    /// Bytes that hold the image wherever in them its alignment makes it begin: its span, and the alignment's slack.
    /// Saturates rather than wraps.
    /// </summary>
    /// <param name="image">The image.</param>
    public static ulong ReservationLength(ElfImage image)
    {
        ulong span = image.SpanHigh - image.SpanLow;
        ulong slack = image.Alignment - ElfFormat.PageSize;
        return slack > ulong.MaxValue - span ? ulong.MaxValue : span + slack;
    }

    /// <summary>A random start for the break: up to 1 GiB above the plan's, page-aligned, and in user space.</summary>
    /// <param name="plan">The program's plan.</param>
    /// <param name="random">Any number; 0 gives the plan's own.</param>
    public static ulong BreakStart(LoadPlan plan, ulong random)
    {
        ulong room = LoadPlan.UserAddressLimit - plan.BreakStart;
        ulong pages = Math.Min(BreakRandomRange, room) / ElfFormat.PageSize;
        return pages == 0 ? plan.BreakStart : plan.BreakStart + (random % pages * ElfFormat.PageSize);
    }

    private static ulong AlignDown(ulong value, ulong alignment) => value & ~(alignment - 1);
}
