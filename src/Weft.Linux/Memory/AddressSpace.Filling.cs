using Weft.Machine;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    // Measured: a first touch costs the guest 16 us here whatever is behind it, but KVM takes eight pages at once where
    // the host has them already; the host makes one in 1 us when asked for many. A fault that comes to the VMM costs 65.
    private const ulong PopulateBytes = 256 << 10;
    private const ulong MostCopyBytes = 2 << 20;
    private const ulong FirstWindowBytes = 64 << 10;
    private const int ScatteredFaultsForWholeTables = 8;
    private const ulong MostFillBytes = 16 << 20;
    private const ulong VastBytes = 8UL << 30;
    private const ulong TightFillBytes = 64 << 10;

    /// <summary>
    /// Fills what lies round a fault. In writable anonymous memory a window, with the host's pages: it doubles while
    /// faults walk through the area, up to large pages. Where faults are scattered, and in files, only entries.
    /// </summary>
    private FaultOutcome FillAroundLocked(MemoryArea area, ulong address)
    {
        const ulong large = GuestPhysicalMemory.LargePageSize;
        if (_isTight)
            return FillAlignedLocked(area, address, TightFillBytes, populate: false);
        if (area.Content != HostContent.Anonymous || (area.Protection & Protection.Write) == 0)
            return FillAlignedLocked(area, address, large, populate: false);
        bool follows = area.LastFillEnd == (address & ~(PageSize - 1)) || area.LastFillStart == (address & ~(PageSize - 1)) + PageSize;
        if (follows && area.WindowBytes >= large)
            return FillLargeLocked(area, address);
        if (follows)
            area.WindowBytes *= 2;
        else if (area.WindowBytes == 0 || ++area.ScatteredFaults < ScatteredFaultsForWholeTables)
            area.WindowBytes = FirstWindowBytes;
        else
            return FillAlignedLocked(area, address, large, populate: false);
        return FillAlignedLocked(area, address, area.WindowBytes, populate: true);
    }

    /// <summary>
    /// Writes the missing page-table entries of a range that a member of the group copies, as far as one area holds it: the
    /// member's next copy needs no exit then. Natively such a call makes pages present too.
    /// </summary>
    internal void FillForMember(GuestVirtualAddress address, ulong lengthBytes)
    {
        lock (_lock)
        {
            if (FindLocked(address.Value) is not { Content: HostContent.Anonymous } area)
                return;
            ulong start = address.Value & ~(PageSize - 1), wanted = address.Value - start + Math.Min(lengthBytes, MostFillBytes);
            FillLocked(area, start, Math.Min(area.End, start + ((wanted + PageSize - 1) & ~(PageSize - 1))));
        }
    }

    private FaultOutcome FillAlignedLocked(MemoryArea area, ulong address, ulong windowBytes, bool populate)
    {
        ulong start = Math.Max(area.Start, address & ~(windowBytes - 1));
        ulong end = Math.Min(area.End, (address | (windowBytes - 1)) + 1);
        area.LastFillStart = start;
        area.LastFillEnd = end;
        if (!TryFillLocked(area, start, end))
            return FaultOutcome.OutOfMemory;
        if (populate && MayPopulateLocked)
            _memory.Populate(area.PhysicalOf(start), end - start);
        return FaultOutcome.Mended;
    }

    private FaultOutcome FillLargeLocked(MemoryArea area, ulong address)
    {
        const ulong large = GuestPhysicalMemory.LargePageSize;
        ulong start = address & ~(large - 1);
        ulong end = Math.Min(area.End & ~(large - 1), start + Math.Min(MostFillBytes, area.WindowBytes));
        if (start < area.Start || end <= start)
            return FillAlignedLocked(area, address, large, populate: true);
        area.WindowBytes = Math.Min(MostFillBytes, area.WindowBytes * 2);
        area.LastFillStart = start;
        area.LastFillEnd = end;
        _memory.PreferLargePages(area.PhysicalOf(start), end - start);
        return TryFillLocked(area, start, end) ? FaultOutcome.Mended : FaultOutcome.OutOfMemory;
    }

    /// <summary>
    /// Writes the missing page-table entries of a fresh mapping if it is small, and asks the host for its pages where
    /// the program will write to them: anonymous memory, and what the dynamic loader asks a copy of.
    /// </summary>
    private void FillFreshLocked(MemoryArea area, ulong start, ulong end, bool isCopy = false, bool always = false)
    {
        ulong length = end - start;
        bool isWritten = (area.Protection & Protection.Write) != 0 && (isCopy || area.Content == HostContent.Anonymous);
        if (!always && length > (!isWritten ? EagerBytes : isCopy ? MostCopyBytes : PopulateBytes))
            return;
        if (TryFillLocked(area, start, end) && isWritten && MayPopulateLocked)
            _memory.Populate(area.PhysicalOf(start), length);
    }

    /// <summary>Pages that the program may never touch must not bring it to its limit.</summary>
    private bool MayPopulateLocked => _limitBytes is not { } limit || (!_isTight && _usedAtMostBytes < limit / 2);

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
        if (!FetchLocked(start, end))
            return false;
        if (_limitBytes is { } limit)
        {
            if (!FitsLocked(limit, end - start) && !TightenLocked(limit, end - start))
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
}
