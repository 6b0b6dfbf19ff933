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

    /// <summary>
    /// Like <see cref="VisitRange"/>, for changes to the areas themselves: they are split at the range's bounds first. The error
    /// when the limit of mappings forbids that is the caller's.
    /// </summary>
    internal SyscallResult ChangeRange(ulong start, ulong lengthBytes, AreaVisitor visit, Errno whenFull = Errno.ENOMEM)
    {
        lock (_lock)
        {
            if (!HasRoomLocked(start, start + lengthBytes))
                return whenFull;
            IsolateLocked(start, start + lengthBytes);
            SyscallResult result = VisitRange(start, lengthBytes, visit);
            JoinAroundLocked(start, start + lengthBytes);
            return result;
        }
    }

    /// <summary>
    /// Drops the pages of a range, as MADV_DONTNEED does: they read as zeroes or as the file's bytes. Pages that were
    /// copied from a file for a pin keep their contents.
    /// </summary>
    /// <param name="start">Page aligned.</param>
    /// <param name="lengthBytes">A multiple of the page size, above 0.</param>
    /// <param name="lockedToo">MADV_DONTNEED_LOCKED; else mlock'ed memory gives EINVAL.</param>
    /// <param name="onlyAnonymous">MADV_FREE: other memory gives EINVAL.</param>
    internal SyscallResult DropPages(ulong start, ulong lengthBytes, bool lockedToo, bool onlyAnonymous = false)
    {
        lock (_lock)
        {
            bool MayDrop(MemoryArea area) => (!area.IsLocked || lockedToo) && area.Content != HostContent.Doorbell
                && (!onlyAnonymous || (area.Content == HostContent.Anonymous && !area.IsCopiedFile));
            if (_memory.IsShared && !DetachPinnedLocked(start, start + lengthBytes, MayDrop))
                return Errno.ENOMEM;
            return VisitRange(start, lengthBytes, (area, host, from, count) =>
                MayDrop(area) ? DropPages(area, host, from, count) : Errno.EINVAL);
        }
    }

    private SyscallResult DropPages(MemoryArea area, HostAddress host, ulong start, ulong lengthBytes)
    {
        const int dontNeed = 4, dontNeedLocked = 24;
        ForgetMissingLocked(start, start + lengthBytes);
        if (!_memory.IsShared || area.Content != HostContent.Anonymous)
            return HostStubs.Call(SystemCall.Madvise, (long)host.Value, (long)lengthBytes, area.IsLocked ? dontNeedLocked : dontNeed);
        if (!area.IsCopiedFile)
            _memory.Discard(area.PhysicalOf(start), lengthBytes);
        return SyscallResult.Success;
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
