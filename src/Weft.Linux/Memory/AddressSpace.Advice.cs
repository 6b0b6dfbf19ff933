using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>What a visitor does with one area's part of a range. Returns 0 or -errno.</summary>
    internal delegate SyscallResult AreaVisitor(MemoryArea area, HostAddress host, ulong start, ulong lengthBytes);

    /// <summary>
    /// Calls a visitor for the mapped parts of a range, under the lock. Stops at its first error; ENOMEM when a
    /// part is not mapped, after the mapped ones were visited.
    /// </summary>
    internal SyscallResult VisitRange(ulong start, ulong lengthBytes, AreaVisitor visit)
    {
        lock (_lock)
        {
            ulong at = start, end = start + lengthBytes;
            bool hole = false;
            for (int index = Math.Max(0, IndexAfterLocked(start) - 1); index < _areas.Count && _areas[index].Start < end; index++)
            {
                MemoryArea area = _areas[index];
                if (area.End <= at)
                    continue;
                hole |= area.Start > at;
                ulong from = Math.Max(area.Start, at), to = Math.Min(area.End, end);
                SyscallResult result = visit(area, _memory.HostOf(area.PhysicalOf(from)), from, to - from);
                if (result.IsError)
                    return result;
                at = to;
            }
            return hole || at < end ? Errno.ENOMEM : SyscallResult.Success;
        }
    }

    /// <summary>Like <see cref="VisitRange"/>, for changes to the areas themselves: they are split at the range's bounds first.</summary>
    internal SyscallResult ChangeRange(ulong start, ulong lengthBytes, AreaVisitor visit)
    {
        lock (_lock)
        {
            IsolateLocked(start, start + lengthBytes);
            SyscallResult result = VisitRange(start, lengthBytes, visit);
            JoinAroundLocked(start, start + lengthBytes);
            return result;
        }
    }

    /// <summary>Drops a part of an area's pages, as MADV_DONTNEED does: they read as zeroes or as the file's bytes. For a visitor.</summary>
    internal SyscallResult DropPages(MemoryArea area, ulong start, ulong lengthBytes, bool lockedToo)
    {
        const int dontNeed = 4, dontNeedLocked = 24;
        if ((area.IsLocked && !lockedToo) || area.Content == HostContent.Doorbell)
            return Errno.EINVAL;
        GuestPhysicalAddress physical = area.PhysicalOf(start);
        if (_memory.IsShared && area.Content == HostContent.Anonymous)
        {
            _memory.Discard(physical, lengthBytes);
            return SyscallResult.Success;
        }
        return HostStubs.Call(SystemCall.Madvise, (long)_memory.HostOf(physical).Value, (long)lengthBytes, area.IsLocked ? dontNeedLocked : dontNeed);
    }

    /// <summary>Fills the page tables of a range now, as MAP_POPULATE does. The host's pages are the caller's matter.</summary>
    internal void Fill(MemoryArea area, ulong start, ulong lengthBytes)
    {
        lock (_lock)
            FillLocked(area, start, start + lengthBytes);
    }

    /// <summary>Calls for every area, under the lock.</summary>
    internal void VisitAll(AreaVisitor visit)
    {
        lock (_lock)
            foreach (MemoryArea area in _areas)
                visit(area, _memory.HostOf(area.Physical), area.Start, area.Length);
    }
}
