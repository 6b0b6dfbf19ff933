using Weft.Machine;

namespace Weft.Linux.Memory;

/// <summary>Where a mapping may go.</summary>
public enum MapPlacement
{
    /// <summary>At the hint if it is free, else wherever there is room.</summary>
    Anywhere,

    /// <summary>MAP_FIXED: exactly there, replacing what is there.</summary>
    Fixed,

    /// <summary>MAP_FIXED_NOREPLACE: exactly there, or EEXIST.</summary>
    FixedNoReplace,
}

/// <summary>What <see cref="AddressSpace.Map"/> is asked for.</summary>
public readonly record struct MapRequest
{
    /// <summary>The address or the hint.</summary>
    public ulong Address { get; init; }

    /// <summary>Length; rounded up to pages.</summary>
    public required ulong LengthBytes { get; init; }

    /// <summary>A power of two that the address must be a multiple of when it is chosen; 0 for what suits.</summary>
    public ulong AlignmentBytes { get; init; }

    /// <summary>PROT_*.</summary>
    public required Protection Protection { get; init; }

    /// <summary>Where it may go.</summary>
    public MapPlacement Placement { get; init; }

    /// <summary>What the host maps behind it.</summary>
    public HostContent Content { get; init; }

    /// <summary>MAP_SHARED.</summary>
    public bool IsShared { get; init; }

    /// <summary>MAP_32BIT: below 2 GiB.</summary>
    public bool Low { get; init; }

    /// <summary>MAP_GROWSDOWN.</summary>
    public bool GrowsDown { get; init; }

    /// <summary>MAP_POPULATE or MAP_LOCKED: fill the page tables at once.</summary>
    public bool Populate { get; init; }

    /// <summary>
    /// A private map of which the program wants a copy as of now, as the dynamic loader says by MAP_DENYWRITE: its pages
    /// may be copied at once.
    /// </summary>
    public bool IsCopy { get; init; }

    /// <summary>The host's descriptor of the file; only used during the call.</summary>
    public int HostDescriptor { get; init; }

    /// <summary>Offset in the file, page aligned.</summary>
    public ulong FileOffset { get; init; }

    /// <summary>The file as /proc/self/maps shows it.</summary>
    public MappedFile? File { get; init; }

    /// <summary>A made-up name for /proc/self/maps.</summary>
    public string? Name { get; init; }
}
