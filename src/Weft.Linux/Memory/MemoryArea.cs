using Weft.Machine;

namespace Weft.Linux.Memory;

/// <summary>A range of addresses mapped alike: Linux's vm_area_struct. Physical memory is reserved for all of it, contiguously.</summary>
/// <remarks>Protected by its address space's lock. <see cref="End"/> is exclusive; both bounds are page aligned.</remarks>
public sealed class MemoryArea
{
    /// <summary>First address.</summary>
    public required ulong Start { get; set; }

    /// <summary>One past the last address.</summary>
    public required ulong End { get; set; }

    /// <summary>PROT_* bits as the program asked.</summary>
    public required Protection Protection { get; set; }

    /// <summary>What the host maps behind it.</summary>
    public required HostContent Content { get; init; }

    /// <summary>Where <see cref="Start"/> is in guest physical memory.</summary>
    public required GuestPhysicalAddress Physical { get; set; }

    /// <summary>True for MAP_SHARED.</summary>
    public bool IsShared { get; init; }

    /// <summary>True for MAP_GROWSDOWN: a fault just below extends it.</summary>
    public bool GrowsDown { get; set; }

    /// <summary>The mapped file's identity for /proc/self/maps; null for anonymous memory.</summary>
    public MappedFile? File { get; init; }

    /// <summary>Offset in the file of <see cref="Start"/>.</summary>
    public ulong FileOffset { get; set; }

    /// <summary>"[heap]", "[stack]" and the like, or null.</summary>
    public string? Name { get; init; }

    /// <summary>mlock'ed.</summary>
    public bool IsLocked { get; set; }

    /// <summary>madvise MADV_DONTFORK.</summary>
    public bool DontFork { get; set; }

    /// <summary>madvise MADV_WIPEONFORK.</summary>
    public bool WipeOnFork { get; set; }

    /// <summary>What the last fault filled: a fault right behind or before it shows that the program walks.</summary>
    internal ulong LastFillStart { get; set; }

    /// <summary>The end of what the last fault filled.</summary>
    internal ulong LastFillEnd { get; set; }

    /// <summary>How much the last fault filled; 0 before the first one.</summary>
    internal ulong WindowBytes { get; set; }

    /// <summary>How many faults fell elsewhere than beside the one before.</summary>
    internal int ScatteredFaults { get; set; }

    /// <summary>A part of a private file mapping whose pages were copied to the arena, so that they could be shared.</summary>
    internal bool IsCopiedFile => Content == HostContent.Anonymous && File is not null;

    /// <summary>Length in bytes.</summary>
    public ulong Length => End - Start;

    /// <summary>The guest physical address of a virtual one inside.</summary>
    public GuestPhysicalAddress PhysicalOf(ulong address) => Physical + (address - Start);

    /// <summary>The upper part from <paramref name="at"/> on, as an area of its own; this one keeps the lower part.</summary>
    internal MemoryArea SplitAt(ulong at)
    {
        MemoryArea upper = new()
        {
            Start = at,
            End = End,
            Protection = Protection,
            Content = Content,
            Physical = PhysicalOf(at),
            IsShared = IsShared,
            File = File,
            FileOffset = FileOffset + (at - Start),
            Name = Name,
            IsLocked = IsLocked,
            DontFork = DontFork,
            WipeOnFork = WipeOnFork,
        };
        End = at;
        return upper;
    }

    /// <summary>Whether the program sees both as one: same attributes, and the file offsets continue.</summary>
    internal bool LooksLike(MemoryArea next) =>
        End == next.Start && Protection == next.Protection && IsShared == next.IsShared && Name == next.Name
        && GrowsDown == next.GrowsDown && (Content == next.Content || (!IsShared && File is not null))
        && (File is null ? next.File is null : File.Equals(next.File) && FileOffset + Length == next.FileOffset);
}
