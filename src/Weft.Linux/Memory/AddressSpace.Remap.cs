using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>Grows, shrinks or moves a mapping as mremap(2) does; flags are checked by the caller.</summary>
    /// <param name="start">Page aligned.</param>
    /// <param name="oldLength">Rounded to pages, above 0.</param>
    /// <param name="newLength">Rounded to pages, above 0.</param>
    /// <param name="mayMove">MREMAP_MAYMOVE.</param>
    /// <param name="fixedTo">Where MREMAP_FIXED wants it, else null.</param>
    /// <param name="keepOld">MREMAP_DONTUNMAP.</param>
    public SyscallResult Remap(ulong start, ulong oldLength, ulong newLength, bool mayMove, ulong? fixedTo, bool keepOld)
    {
        lock (_lock)
        {
            if (!IsOneMappingLocked(start, start + oldLength, out MemoryArea? last))
                return Errno.EFAULT;
            if (keepOld && (last!.Content != HostContent.Anonymous || last.IsCopiedFile))
                return Errno.EINVAL;
            if (newLength > oldLength && ExceedsLimit(newLength - oldLength))
                return Errno.ENOMEM;
            if (fixedTo is { } target)
            {
                if (target < start + oldLength && start < target + newLength)
                    return Errno.EINVAL;
                UnmapLocked(target, target + newLength);
                return MoveLocked(start, oldLength, newLength, target, keepOld);
            }
            if (newLength <= oldLength && !keepOld)
            {
                if (newLength < oldLength)
                    UnmapLocked(start + newLength, start + oldLength);
                return (long)start;
            }
            ulong end = start + oldLength, newEnd = start + newLength;
            if (!keepOld && last!.End == end && newEnd <= End && newEnd > start && IsFreeLocked(end, newEnd) && TryGrowLocked(last, newEnd))
                return (long)start;
            if (!mayMove)
                return Errno.ENOMEM;
            ulong place = FindGapLocked(newLength, newLength >= GuestPhysicalMemory.LargePageSize ? GuestPhysicalMemory.LargePageSize : PageSize);
            return place == 0 ? Errno.ENOMEM : MoveLocked(start, oldLength, newLength, place, keepOld);
        }
    }

    /// <summary>Maps shared memory a second time: mremap(2) with an old size of 0.</summary>
    public SyscallResult Duplicate(ulong start, ulong length, ulong? fixedTo)
    {
        lock (_lock)
        {
            if (FindLocked(start) is not { } area)
                return Errno.EFAULT;
            if (!area.IsShared || area.Content == HostContent.Doorbell)
                return Errno.EINVAL;
            ulong place = fixedTo ?? FindGapLocked(length, PageSize);
            if (place == 0 || _memory.Reserve(length, place) is not { } physical)
                return Errno.ENOMEM;
            long result = _memory.DuplicateContent(area.PhysicalOf(start), physical, length);
            if (result < 0)
            {
                _memory.Release(physical, length, HostContent.SharedFile);
                return result;
            }
            MemoryArea copy = new()
            {
                Start = place,
                End = place + length,
                Protection = area.Protection,
                Content = area.Content,
                Physical = physical,
                IsShared = true,
                File = area.File,
                FileOffset = area.FileOffset + (start - area.Start),
            };
            if (fixedTo is not null)
                UnmapLocked(place, place + length);
            InsertLocked(copy);
            if (length <= EagerBytes)
                FillLocked(FindLocked(place)!, place, place + length);
            return (long)place;
        }
    }

    /// <summary>Whether the program sees the range as (part of) one mapping.</summary>
    private bool IsOneMappingLocked(ulong start, ulong end, out MemoryArea? last)
    {
        last = FindLocked(start);
        if (last is null)
            return false;
        for (int index = _areas.IndexOf(last); last.End < end; last = _areas[index])
        {
            if (++index >= _areas.Count || !last.LooksLike(_areas[index]))
                return false;
        }
        return true;
    }

    private SyscallResult MoveLocked(ulong start, ulong oldLength, ulong newLength, ulong target, bool keepOld)
    {
        if (newLength < oldLength)
        {
            UnmapLocked(start + newLength, start + oldLength);
            oldLength = newLength;
        }
        if (!FetchLocked(start, start + oldLength))
            return Errno.ENOMEM;
        int first = IsolateLocked(start, start + oldLength), count = 0;
        for (int index = first; index < _areas.Count && _areas[index].Start < start + oldLength; index++, count++)
        {
            MemoryArea area = _areas[index];
            if (_tables.Unmap(new(area.Start), area.Length))
                _memory.InvalidateTranslations(area.Physical, area.Length, area.Content);
        }
        List<MemoryArea> moved = _areas.GetRange(first, count);
        _areas.RemoveRange(first, count);
        foreach (MemoryArea area in moved)
        {
            MappedBytes -= area.Length;
            area.End = area.End - start + target;
            area.Start = area.Start - start + target;
            InsertLocked(area);
            MemoryArea placed = FindLocked(area.Start)!;
            if (area.Length <= EagerBytes)
                FillLocked(placed, area.Start, area.End);
        }
        if (keepOld)
            ReplaceByFreshLocked(start, oldLength, moved[0]);
        if (newLength > oldLength && !TryGrowLocked(FindLocked(target + oldLength - 1)!, target + newLength))
            return Errno.ENOMEM;
        return (long)target;
    }

    private void ReplaceByFreshLocked(ulong start, ulong length, MemoryArea like)
    {
        if (_memory.Reserve(length, start) is not { } physical)
            return;
        InsertLocked(new MemoryArea
        {
            Start = start,
            End = start + length,
            Protection = like.Protection,
            Content = HostContent.Anonymous,
            Physical = physical,
        });
    }

    /// <summary>Extends an area upwards into free addresses.</summary>
    private bool TryGrowLocked(MemoryArea area, ulong newEnd)
    {
        ulong more = newEnd - area.End;
        if (area.Content == HostContent.Doorbell || area.IsCopiedFile)
            return false;
        if (area.Content != HostContent.Anonymous)
            return TryGrowFileLocked(area, newEnd);
        GuestPhysicalAddress physical;
        if (_memory.TryExtend(area.PhysicalOf(area.End), more))
            physical = area.PhysicalOf(area.End);
        else if (_memory.Reserve(more, area.End) is { } fresh)
            physical = fresh;
        else
            return false;
        MemoryArea upper = new()
        {
            Start = area.End,
            End = newEnd,
            Protection = area.Protection,
            Content = HostContent.Anonymous,
            Physical = physical,
            IsShared = area.IsShared,
            Name = area.Name,
            IsLocked = area.IsLocked,
            DontFork = area.DontFork,
            WipeOnFork = area.WipeOnFork,
        };
        ulong start = area.End;
        InsertLocked(upper);
        if (more <= EagerBytes)
            FillLocked(FindLocked(start)!, start, newEnd);
        return true;
    }

    /// <summary>The host's own mremap carries a file's pages, private copies included, to a longer physical range.</summary>
    private bool TryGrowFileLocked(MemoryArea area, ulong newEnd)
    {
        ulong newLength = newEnd - area.Start, oldLength = area.Length;
        if (_memory.Reserve(newLength, area.Start) is not { } physical)
            return false;
        _tables.Unmap(new(area.Start), oldLength);
        if (_memory.MoveContent(area.Physical, oldLength, physical, newLength) < 0)
        {
            _memory.Release(physical, newLength, area.Content);
            return false;
        }
        area.Physical = physical;
        area.End = newEnd;
        MappedBytes += newLength - oldLength;
        if (newLength <= EagerBytes)
            FillLocked(area, area.Start, area.End);
        return true;
    }
}
