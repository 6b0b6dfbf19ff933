using Weft.Machine;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    // Below this nobody counts: no host allows so few.
    private const int UncountedAreas = 8192;
    private int _mostAreas;

    /// <summary>
    /// Whether the limit of mappings (vm.max_map_count, as on Linux) allows what splits the areas at two bounds and adds some more.
    /// </summary>
    private bool HasRoomLocked(ulong start, ulong end, int more = 0)
    {
        if (_areas.Count < UncountedAreas)
            return true;
        if (_mostAreas == 0)
            _mostAreas = GuestPhysicalMemory.ReadMappingLimit();
        int needed = more + (IsInsideAreaLocked(start) ? 1 : 0) + (IsInsideAreaLocked(end) ? 1 : 0);
        return _areas.Count + needed <= _mostAreas || CountVisibleLocked() + needed <= _mostAreas;
    }

    private bool IsInsideAreaLocked(ulong at) => FindLocked(at) is { } area && area.Start < at;

    /// <summary>How many areas the program sees: some are in pieces only because their physical memory is.</summary>
    private int CountVisibleLocked()
    {
        int count = Math.Min(1, _areas.Count);
        for (int index = 1; index < _areas.Count; index++)
            count += IsOneForLinux(_areas[index - 1], _areas[index]) ? 0 : 1;
        return count;
    }

    private static bool IsOneForLinux(MemoryArea lower, MemoryArea upper) =>
        lower.LooksLike(upper) && lower.IsLocked == upper.IsLocked && lower.DontFork == upper.DontFork && lower.WipeOnFork == upper.WipeOnFork;

    /// <summary>Whether the host has room for the pieces into which unmapping a range cuts its mappings of files.</summary>
    private bool MayCutFilesLocked(ulong start, ulong end)
    {
        bool cuts = IsInsideFileLocked(start) || IsInsideFileLocked(end);
        return !cuts || MaySplitOnHost();
    }

    private bool IsInsideFileLocked(ulong at) => FindLocked(at) is { } area && area.Start < at && area.Content != HostContent.Anonymous;

    /// <summary>Whether the host has room for a part of a mapping to become one of its own, as by mlock(2).</summary>
    internal bool MaySplitOnHost() => _memory.TryTakeMappings(2);
}
