using Weft.Machine;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    // A first touch of a 4 KiB page costs the guest 5 to 17 us where the host has no page yet, and 2.6 where it has.
    private const ulong PopulateBytes = 64 << 10;
    private const int SequentialFaultsForLargePages = 2;
    private const ulong MostFillBytes = 16 << 20;
    private const ulong VastBytes = 8UL << 30;
    private const ulong TightFillBytes = 64 << 10;

    private ulong? _limitBytes;
    private ulong _baselineBytes;
    private ulong _usedAtMostBytes;
    private bool _isTight;

    /// <summary>
    /// Limits the memory that the program can touch, as a cgroup's memory.max would. Page-table entries are an upper
    /// bound of what is touched; only when they reach the limit is the truth measured and the bound drawn tighter.
    /// </summary>
    public void SetLimit(ulong? limitBytes)
    {
        lock (_lock)
        {
            _limitBytes = limitBytes;
            if (limitBytes is not null)
                _baselineBytes = _memory.ReadResidentBytes();
        }
    }

    /// <summary>Fills what lies round a fault: more, and in large pages, when faults walk through a large area.</summary>
    private FaultOutcome FillAroundLocked(MemoryArea area, ulong address)
    {
        const ulong large = GuestPhysicalMemory.LargePageSize;
        ulong step = _isTight ? TightFillBytes : large;
        ulong start = Math.Max(area.Start, address & ~(step - 1));
        ulong end = Math.Min(area.End, (address | (step - 1)) + 1);
        if (!_isTight && area.Content == HostContent.Anonymous && end - start == large)
        {
            bool follows = area.NextFault == start;
            area.SequentialFaults = follows ? area.SequentialFaults + 1 : 0;
            if (area.SequentialFaults >= SequentialFaultsForLargePages)
            {
                end = Math.Min(area.End & ~(large - 1), start + Math.Min(MostFillBytes, large << Math.Min(3, area.SequentialFaults - 2)));
                _memory.PreferLargePages(area.PhysicalOf(start), end - start);
            }
            area.NextFault = end;
        }
        return TryFillLocked(area, start, end) ? FaultOutcome.Mended : FaultOutcome.OutOfMemory;
    }

    /// <summary>Writes the missing page-table entries of a small fresh mapping, and asks the host for its pages.</summary>
    private void FillFreshLocked(MemoryArea area, ulong start, ulong end)
    {
        if (TryFillLocked(area, start, end) && area.Content == HostContent.Anonymous
            && end - start <= PopulateBytes && (area.Protection & Protection.Write) != 0 && _limitBytes is null)
            _memory.Populate(area.PhysicalOf(start), end - start);
    }

    /// <summary>Writes the missing page-table entries of a range of one area, unless that could pass the limit.</summary>
    private void FillLocked(MemoryArea area, ulong start, ulong end)
    {
        if (!_isTight)
            TryFillLocked(area, start, end);
    }

    private bool TryFillLocked(MemoryArea area, ulong start, ulong end)
    {
        PageAccess access = AccessOf(area.Protection);
        if (access == PageAccess.None || start >= end)
            return true;
        if (_limitBytes is { } limit)
        {
            if (_usedAtMostBytes + (end - start) > limit && !TightenLocked(limit, end - start))
                return false;
            _usedAtMostBytes += end - start;
        }
        _memory.EnsureSlots(area.PhysicalOf(start), end - start, area.Length >= VastBytes);
        bool isAnonymous = area.Content == HostContent.Anonymous;
        if (isAnonymous && _memory.IsShared)
            access |= PageAccess.Plain;
        _tables.Map(new(start), area.PhysicalOf(start), end - start, access, large: isAnonymous);
        return true;
    }

    /// <summary>
    /// Counts a range that the host's kernel is about to write for the program: pages that come into being so never
    /// fault. False when that could pass the limit.
    /// </summary>
    private bool MayWriteLocked(MemoryArea area, ulong start, ulong end) =>
        _limitBytes is null || TryFillLocked(area, start & ~(PageSize - 1), Math.Min(area.End, RoundUp(end)));

    /// <summary>
    /// The bound reached the limit: measures what is really touched, and takes back the entries of what is not,
    /// by taking back all. False when the limit itself is reached.
    /// </summary>
    private bool TightenLocked(ulong limit, ulong wanted)
    {
        ulong resident = _memory.ReadResidentBytes();
        ulong used = resident > _baselineBytes ? resident - _baselineBytes : 0;
        const ulong marginParts = 128;
        if (used + TightFillBytes + limit / marginParts > limit)
            return false;
        foreach (MemoryArea area in _areas)
            if (_tables.Unmap(new(area.Start), area.Length))
                _memory.InvalidateTranslations(area.Physical, area.Length, area.Content);
        _isTight = true;
        _usedAtMostBytes = used;
        return used + Math.Min(wanted, TightFillBytes) <= limit;
    }
}
