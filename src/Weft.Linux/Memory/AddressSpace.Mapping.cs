using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>Maps a range as mmap(2) does.</summary>
    /// <param name="request">What, where and how; checked here.</param>
    /// <returns>The address, or -errno.</returns>
    public SyscallResult Map(in MapRequest request)
    {
        ulong length = RoundUp(request.LengthBytes);
        if (request.LengthBytes == 0)
            return Errno.EINVAL;
        if (length == 0 || length > End)
            return Errno.ENOMEM;
        lock (_lock)
        {
            Errno error = PlaceLocked(request, length, out ulong start);
            if (error != Errno.None)
                return error;
            if (!HasRoomLocked(start, start + length, more: 1) || (request.Placement == MapPlacement.Fixed && !MayCutFilesLocked(start, start + length)))
                return Errno.ENOMEM;
            if (_memory.Reserve(length, start) is not { } physical)
                return Errno.ENOMEM;
            if (request.Content != HostContent.Anonymous)
            {
                long result = _memory.MapFile(physical, length, request.HostDescriptor, request.FileOffset, request.Content);
                if (result < 0)
                {
                    _memory.Release(physical, length, request.Content);
                    return result;
                }
            }
            if (request.Placement == MapPlacement.Fixed)
                UnmapLocked(start, start + length);
            MemoryArea area = new()
            {
                Start = start,
                End = start + length,
                Protection = request.Protection,
                Content = request.Content,
                Physical = physical,
                IsShared = request.IsShared,
                GrowsDown = request.GrowsDown,
                File = request.File,
                FileOffset = request.FileOffset,
                Name = request.Name,
            };
            InsertLocked(area);
            FillFreshLocked(FindLocked(start)!, start, start + length, request.IsCopy, request.Populate);
            return (long)start;
        }
    }

    /// <summary>Unmaps a range as munmap(2) does.</summary>
    public SyscallResult Unmap(ulong start, ulong lengthBytes)
    {
        ulong length = RoundUp(lengthBytes);
        if ((start & (PageSize - 1)) != 0 || length == 0 || start > End || length > End - start)
            return Errno.EINVAL;
        lock (_lock)
        {
            // Only a hole makes more areas.
            if (FindLocked(start) is { } area && area.Start < start && start + length < area.End && !HasRoomLocked(start, start))
                return Errno.ENOMEM;
            if (!MayCutFilesLocked(start, start + length))
                return Errno.ENOMEM;
            UnmapLocked(start, start + length);
        }
        return SyscallResult.Success;
    }

    /// <summary>Changes protection as mprotect(2) does.</summary>
    public SyscallResult Protect(ulong start, ulong lengthBytes, Protection protection)
    {
        ulong length = RoundUp(lengthBytes);
        if ((start & (PageSize - 1)) != 0)
            return Errno.EINVAL;
        if (lengthBytes == 0)
            return SyscallResult.Success;
        if (length == 0 || start > End || length > End - start)
            return Errno.ENOMEM;
        lock (_lock)
            return ProtectLocked(start, start + length, protection);
    }

    private SyscallResult ProtectLocked(ulong start, ulong end, Protection protection)
    {
        if (!HasRoomLocked(start, end))
            return Errno.ENOMEM;
        int index = IsolateLocked(start, end);
        ulong at = start;
        SyscallResult result = SyscallResult.Success;
        for (; index < _areas.Count && at < end; index++)
        {
            MemoryArea area = _areas[index];
            if (area.Start != at)
                break;
            if (area.IsShared && (protection & Protection.Write) != 0 && area.Content == HostContent.SharedFileReadOnly)
                return Errno.EACCES;
            ChangeProtectionLocked(area, protection);
            at = area.End;
        }
        if (at < end)
            result = Errno.ENOMEM;
        JoinAroundLocked(start, end);
        return result;
    }

    private void ChangeProtectionLocked(MemoryArea area, Protection protection)
    {
        if (area.Protection == protection)
            return;
        PageAccess before = AccessOf(area.Protection), after = AccessOf(protection);
        area.Protection = protection;
        bool changed = after == PageAccess.None
            ? _tables.Unmap(new(area.Start), area.Length)
            : _tables.Protect(new(area.Start), area.Length, after);
        // A grant more needs no flush: the old translation faults once, and the fault finds the new entry.
        if (changed && (before & ~after) != 0)
            _memory.InvalidateTranslations(area.Physical, area.Length, area.Content);
        if (before == PageAccess.None)
            FillFreshLocked(area, area.Start, area.End);
        else if (after != PageAccess.None && area.Length <= EagerBytes)
            FillLocked(area, area.Start, area.End);
    }

    /// <summary>Joins neighbours in and around a range that look alike and continue physically.</summary>
    private void JoinAroundLocked(ulong start, ulong end)
    {
        int index = Math.Max(1, IndexAfterLocked(start) - 1);
        while (index < _areas.Count && _areas[index - 1].End <= end)
        {
            if (TryJoin(_areas[index - 1], _areas[index]))
                _areas.RemoveAt(index);
            else
                index++;
        }
    }

    private void UnmapLocked(ulong start, ulong end)
    {
        ForgetMissingLocked(start, end);
        int first = IsolateLocked(start, end), count = 0;
        bool hasFiles = false;
        for (int index = first; index < _areas.Count && _areas[index].Start < end; index++, count++)
        {
            MemoryArea area = _areas[index];
            _tables.Unmap(new(area.Start), area.Length);
            _memory.Release(area.Physical, area.Length, area.Content);
            MappedBytes -= area.Length;
            hasFiles |= area.File?.Backing is not null;
        }
        List<MemoryArea>? unmapped = hasFiles ? _areas.GetRange(first, count) : null;
        _areas.RemoveRange(first, count);
        if (unmapped is not null)
            ReleaseFilesLocked(unmapped);
    }

    private const ulong LowEnd = 1UL << 31;

    private Errno PlaceLocked(in MapRequest request, ulong length, out ulong start)
    {
        start = request.Address;
        if (ExceedsLimit(length))
            return Errno.ENOMEM;
        if (request.Placement != MapPlacement.Anywhere)
        {
            if ((start & (PageSize - 1)) != 0)
                return Errno.EINVAL;
            if (start > End || length > End - start)
                return Errno.ENOMEM;
            if (start < LowestAddress)
                return Errno.EPERM;
            if (MeetsPeerWindows(start, length))
                return Errno.ENOMEM;
            return request.Placement == MapPlacement.FixedNoReplace && !IsFreeLocked(start, start + length) ? Errno.EEXIST : Errno.None;
        }
        start = RoundUp(start);
        if (request.Low)
        {
            if (start == 0 || length > LowEnd || start > LowEnd - length || start < LowestAddress || !IsFreeLocked(start, start + length))
                start = FindLowGapLocked(length);
            return start == 0 ? Errno.ENOMEM : Errno.None;
        }
        if ((start & (Math.Max(request.AlignmentBytes, 1) - 1)) == 0 && start >= LowestAddress && start <= End && length <= End - start && IsFreeLocked(start, start + length))
            return Errno.None;
        ulong alignment = length >= GuestPhysicalMemory.LargePageSize && request.Content == HostContent.Anonymous
            ? GuestPhysicalMemory.LargePageSize : PageSize;
        start = FindGapLocked(length, Math.Max(alignment, request.AlignmentBytes));
        if (start == 0 && alignment != PageSize && request.AlignmentBytes == 0)
            start = FindGapLocked(length, PageSize);
        return start == 0 ? Errno.ENOMEM : Errno.None;
    }

    /// <summary>The lowest gap of MAP_32BIT's range, the second GiB. 0 when there is none. Source: find_start_end in linux/arch/x86/kernel/sys_x86_64.c.</summary>
    private ulong FindLowGapLocked(ulong length)
    {
        const ulong lowStart = 1UL << 30;
        ulong candidate = lowStart;
        for (int index = Math.Max(IndexAfterLocked(lowStart) - 1, 0); index < _areas.Count && _areas[index].Start - Math.Min(_areas[index].Start, candidate) < length; index++)
            candidate = Math.Max(candidate, _areas[index].End);
        return candidate < LowEnd && length <= LowEnd - candidate ? candidate : 0;
    }

    private bool IsFreeLocked(ulong start, ulong end)
    {
        int index = IndexAfterLocked(start);
        return !MeetsPeerWindows(start, end - start) && (index == 0 || _areas[index - 1].End <= start) && (index == _areas.Count || _areas[index].Start >= end);
    }

    /// <summary>Only in a group: elsewhere the range is the program's.</summary>
    private bool MeetsPeerWindows(ulong start, ulong length) =>
        _memory.IsShared && start < SystemLayout.PeerWindowsEnd && start + length > SystemLayout.PeerWindows;

    private static ulong RoundUp(ulong value) => unchecked(value + PageSize - 1) & ~(PageSize - 1);
}
