using Weft.Machine;

namespace Weft.Linux.Memory;

/// <summary>
/// A process's memory: the areas that Linux would keep, the page tables that follow them, and checked access
/// for the VMM. Page tables are filled when small memory is mapped, and by 2 MiB at the first fault when large.
/// </summary>
/// <remarks>Thread-safe: one lock protects areas and page tables. Access by a handler to one page takes none.</remarks>
public sealed partial class AddressSpace
{
    internal const ulong PageSize = GuestPhysicalMemory.PageSize;

    /// <summary>Lowest address that may be mapped: vm.mmap_min_addr.</summary>
    public const ulong LowestAddress = 0x10000;

    /// <summary>One past the highest address that may be mapped.</summary>
    public const ulong End = SystemLayout.ProgramEnd;

    // Mappings up to this size are filled when made: cheaper than the faults they would cause.
    private const ulong EagerBytes = 1 << 20;
    private const ulong StackGap = 1 << 20;
    private const ulong MapBase = End - (512UL << 20);

    private readonly Lock _lock = new();
    private readonly List<MemoryArea> _areas = [];
    private readonly GuestPhysicalMemory _memory;
    private readonly GuestPageTables _tables;

    /// <summary>An empty address space.</summary>
    public AddressSpace(GuestMachine machine)
    {
        _memory = machine.Memory;
        _tables = machine.CreatePageTables();
    }

    /// <summary>The page tables that vCPUs of this process use.</summary>
    public GuestPageTables PageTables => _tables;

    /// <summary>Whether others can map the program's memory, so that <see cref="Pin"/> works.</summary>
    public bool IsShared => _memory.IsShared;

    /// <summary>Bytes mapped: VmSize.</summary>
    public ulong MappedBytes { get; private set; }

    /// <summary>The most bytes that may be mapped: RLIMIT_AS.</summary>
    public ulong MostMappedBytes { get; set; } = ulong.MaxValue;

    private bool ExceedsLimit(ulong moreBytes) => moreBytes > MostMappedBytes - Math.Min(MappedBytes, MostMappedBytes);

    /// <summary>The areas by address, joined where the program sees one, for /proc/self/maps. A copy.</summary>
    public MemoryArea[] SnapshotAreas()
    {
        List<MemoryArea> result = [];
        lock (_lock)
            foreach (MemoryArea area in _areas)
            {
                if (result.Count > 0 && result[^1].LooksLike(area))
                    result[^1].End = area.End;
                else
                    result.Add(Clone(area));
            }
        return [.. result];
    }

    /// <summary>Makes the page of a fault present, if the program may do there what it tried.</summary>
    /// <param name="address">The faulting address.</param>
    /// <param name="need">What was tried: Read, Write or Execute.</param>
    public FaultOutcome HandleFault(GuestVirtualAddress address, PageAccess need)
    {
        lock (_lock)
            return HandleFaultLocked(address.Value, need);
    }

    private FaultOutcome HandleFaultLocked(ulong address, PageAccess need)
    {
        MemoryArea? area = FindLocked(address) ?? GrowDownLocked(address);
        if (area is null)
            return FaultOutcome.NotMapped;
        PageAccess allowed = AccessOf(area.Protection);
        if (allowed == PageAccess.None || (allowed & need) != need)
            return FaultOutcome.AccessDenied;
        if (_tables.TryTranslate(new(address), out _, out PageAccess present) && (present & need) == need)
        {
            // The entry allows it already: another thread mended it, or KVM still holds an old translation.
            ulong page = address & ~(PageSize - 1);
            _memory.InvalidateTranslations(area.PhysicalOf(page), PageSize, area.Content);
            return FaultOutcome.Mended;
        }
        return FillAroundLocked(area, address);
    }

    private MemoryArea? GrowDownLocked(ulong address)
    {
        int index = IndexAfterLocked(address);
        if (index >= _areas.Count || !_areas[index].GrowsDown)
            return null;
        MemoryArea area = _areas[index];
        ulong start = address & ~(PageSize - 1);
        ulong floor = index > 0 ? _areas[index - 1].End + StackGap : LowestAddress;
        const ulong mostGrowth = 8 << 20;
        if (start < floor || area.Start - start > mostGrowth)
            return null;
        if (_memory.Reserve(area.Start - start, start) is not { } physical)
            return null;
        MemoryArea below = new()
        {
            Start = start,
            End = area.Start,
            Protection = area.Protection,
            Content = HostContent.Anonymous,
            Physical = physical,
            GrowsDown = true,
            Name = area.Name,
        };
        InsertLocked(below);
        return below;
    }

    private MemoryArea? FindLocked(ulong address)
    {
        int index = IndexAfterLocked(address) - 1;
        return index >= 0 && address < _areas[index].End ? _areas[index] : null;
    }

    /// <summary>Index of the first area that starts after the address.</summary>
    private int IndexAfterLocked(ulong address)
    {
        int low = 0, high = _areas.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_areas[middle].Start <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private void InsertLocked(MemoryArea area)
    {
        int index = IndexAfterLocked(area.Start);
        MappedBytes += area.Length;
        if (index > 0 && TryJoin(_areas[index - 1], area))
            return;
        _areas.Insert(index, area);
    }

    /// <summary>Lets the lower area take the upper one over, where their physical ranges continue too.</summary>
    private static bool TryJoin(MemoryArea lower, MemoryArea upper)
    {
        if (!lower.LooksLike(upper) || lower.Content != upper.Content || lower.PhysicalOf(lower.End) != upper.Physical
            || lower.IsLocked != upper.IsLocked || lower.DontFork != upper.DontFork || lower.WipeOnFork != upper.WipeOnFork)
            return false;
        lower.End = upper.End;
        return true;
    }

    /// <summary>Splits areas so that none crosses either bound; returns the index of the first area at or after start.</summary>
    private int IsolateLocked(ulong start, ulong end)
    {
        SplitLocked(start);
        SplitLocked(end);
        int index = IndexAfterLocked(start);
        return index > 0 && _areas[index - 1].Start == start ? index - 1 : index;
    }

    private void SplitLocked(ulong at)
    {
        int index = IndexAfterLocked(at) - 1;
        if (index >= 0 && _areas[index].Start < at && at < _areas[index].End)
            _areas.Insert(index + 1, _areas[index].SplitAt(at));
    }

    /// <summary>The highest gap below the map base that is long enough, else the lowest above it. 0 when there is none.</summary>
    private ulong FindGapLocked(ulong length, ulong alignment, ulong below = MapBase)
    {
        ulong gapEnd = below;
        for (int i = IndexAfterLocked(below - 1) - 1; ; i--)
        {
            ulong gapStart = i >= 0 ? _areas[i].End + (_areas[i].GrowsDown ? StackGap : 0) : LowestAddress;
            if (gapStart < gapEnd && gapEnd - gapStart >= length)
            {
                ulong candidate = (gapEnd - length) & ~(alignment - 1);
                if (candidate >= gapStart && !MeetsPeerWindows(candidate, length))
                    return candidate;
                if (candidate >= gapStart && SystemLayout.PeerWindows > gapStart && SystemLayout.PeerWindows - gapStart >= length + alignment)
                    return (SystemLayout.PeerWindows - length) & ~(alignment - 1);
            }
            if (i < 0)
                return 0;
            gapEnd = Math.Min(gapEnd, _areas[i].Start - (_areas[i].GrowsDown ? Math.Min(StackGap, _areas[i].Start) : 0));
        }
    }

    internal static PageAccess AccessOf(Protection protection)
    {
        PageAccess access = PageAccess.None;
        if (protection != Protection.None)
            access |= PageAccess.Read;
        if ((protection & Protection.Write) != 0)
            access |= PageAccess.Write;
        if ((protection & Protection.Execute) != 0)
            access |= PageAccess.Execute;
        return access;
    }

    private static MemoryArea Clone(MemoryArea area, HostContent? content = null) => new()
    {
        Start = area.Start,
        End = area.End,
        Protection = area.Protection,
        Content = content ?? area.Content,
        Physical = area.Physical,
        IsShared = area.IsShared,
        GrowsDown = area.GrowsDown,
        File = area.File,
        FileOffset = area.FileOffset,
        Name = area.Name,
        IsLocked = area.IsLocked,
        DontFork = area.DontFork,
        WipeOnFork = area.WipeOnFork,
    };
}
