using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>
    /// Makes the pages of a range such that others can map them, and keeps them until the pin is disposed: what the
    /// program unmaps, drops or maps anew meanwhile gets other pages. Costs by the number of areas and of file pages that must be
    /// copied, not by the length; with a memory limit all pages are allocated, as for Linux's pins.
    /// </summary>
    /// <param name="start">First byte; the pin begins with its page.</param>
    /// <param name="lengthBytes">Above 0; the pin ends with the last byte's page.</param>
    /// <param name="needsWrite">Whether others will write.</param>
    /// <param name="pin">The pin, which the caller owns; null on an error.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; EFAULT where the program itself has no such access; EINVAL for no range at all; ENOMEM at the
    /// memory limit; EOPNOTSUPP for a VM whose memory is not shared, and for System V segments.
    /// </returns>
    /// <remarks>
    /// Pages of private file mappings become memory of the arena, in place. A vCPU that stores there meanwhile waits in its
    /// page fault; a system call of another thread that began before may still store into the old page.
    /// </remarks>
    public Errno Pin(GuestVirtualAddress start, ulong lengthBytes, bool needsWrite, out MemoryPin? pin)
    {
        pin = null;
        ulong from = start.Value & ~(PageSize - 1), last = start.Value + lengthBytes - 1;
        if (lengthBytes == 0 || last < start.Value)
            return Errno.EINVAL;
        if (last >= End)
            return Errno.EFAULT;
        if (!_memory.IsShared)
            return Errno.EOPNOTSUPP;
        lock (_lock)
        {
            ulong end = RoundUp(last + 1);
            Errno error = CheckPinLocked(from, end, needsWrite);
            if (error == Errno.None && !FetchLocked(from, end))
                error = Errno.ENOMEM;
            if (error == Errno.None)
                error = ShareFilePagesLocked(from, end);
            if (error == Errno.None)
                error = AllocateForPinLocked(from, end);
            if (error == Errno.None)
                pin = PinLocked(from, end);
            return error;
        }
    }

    private Errno CheckPinLocked(ulong start, ulong end, bool needsWrite)
    {
        PageAccess need = needsWrite ? PageAccess.Write : PageAccess.Read;
        for (ulong at = start; at < end;)
        {
            MemoryArea? area = FindLocked(at) ?? GrowDownLocked(at);
            if (area is null || (AccessOf(area.Protection) & need) == 0 || area.Content == HostContent.Doorbell)
                return Errno.EFAULT;
            if (area.Content is HostContent.SharedFile or HostContent.SharedFileReadOnly && area.File?.Backing is null)
                return Errno.EOPNOTSUPP;
            at = area.End;
        }
        return Errno.None;
    }

    /// <summary>Puts arena pages in the place of private file mappings' pages.</summary>
    private Errno ShareFilePagesLocked(ulong start, ulong end)
    {
        for (ulong at = start; at < end; at = FindLocked(at)!.End)
        {
            if (FindLocked(at)!.Content != HostContent.PrivateFile)
                continue;
            IsolateLocked(at, Math.Min(end, FindLocked(at)!.End));
            MemoryArea area = FindLocked(at)!;
            PageAccess access = AccessOf(area.Protection);
            // No vCPU may store while the pages are copied: one that tries waits for the lock in its page fault.
            if (_tables.Protect(new(at), area.Length, access & ~PageAccess.Write))
                _memory.InvalidateTranslations(area.Physical, area.Length, area.Content);
            long result = _memory.ReplaceFilePages(area.Physical, area.Length);
            _tables.Protect(new(at), area.Length, access);
            if (result < 0)
            {
                JoinAroundLocked(at, area.End);
                return (Errno)(-result);
            }
            _areas[IndexAfterLocked(at) - 1] = Clone(area, HostContent.Anonymous);
        }
        JoinAroundLocked(start, end);
        return Errno.None;
    }

    /// <summary>With a limit: allocates what is to be pinned, so that nobody's later touch passes the limit.</summary>
    private Errno AllocateForPinLocked(ulong start, ulong end)
    {
        if (_limitBytes is not { } limit)
            return Errno.None;
        for (ulong at = start; at < end;)
        {
            MemoryArea area = FindLocked(at)!;
            ulong length = Math.Min(end, area.End) - at;
            if (area.Content == HostContent.Anonymous)
            {
                GuestPhysicalAddress physical = area.PhysicalOf(at);
                ulong missing = length - Math.Min(length, _memory.AllocatedBytes(physical, length) ?? length);
                if (missing > 0 && (MeasureUsedBytes() + missing > limit || _memory.Allocate(physical, length) < 0))
                    return Errno.ENOMEM;
                _usedAtMostBytes += missing;
            }
            at += length;
        }
        return Errno.None;
    }

    private MemoryPin PinLocked(ulong start, ulong end)
    {
        List<SharedExtent> extents = [];
        List<BackingFile> files = [];
        for (ulong at = start; at < end;)
        {
            MemoryArea area = FindLocked(at)!;
            ulong length = Math.Min(end, area.End) - at;
            if (area.Content == HostContent.Anonymous)
                Append(extents, new(GuestPhysicalMemory.ArenaOffsetOf(area.PhysicalOf(at)), length, -1, true));
            else
            {
                BackingFile file = area.File!.Backing!;
                if (!files.Contains(file))
                {
                    file.Hold();
                    files.Add(file);
                }
                Append(extents, new(area.FileOffset + (at - area.Start), length, file.Descriptor, area.Content == HostContent.SharedFile));
            }
            at += length;
        }
        foreach (SharedExtent extent in extents)
            if (extent.Descriptor < 0)
                _memory.Pin(GuestPhysicalMemory.AddressInArena(extent.Offset), extent.LengthBytes);
        return new MemoryPin(_memory, [.. extents], [.. files]);
    }

    private static void Append(List<SharedExtent> extents, SharedExtent next)
    {
        if (extents.Count > 0 && extents[^1] is var last && last.Descriptor == next.Descriptor && last.IsWritable == next.IsWritable
            && last.Offset + last.LengthBytes == next.Offset)
            extents[^1] = last with { LengthBytes = last.LengthBytes + next.LengthBytes };
        else
            extents.Add(next);
    }

    /// <summary>
    /// Gives every pinned part of a range other pages, which read as zeroes, up to the first area that may not be dropped;
    /// the old ones go with their pins. False when there is no address space for them.
    /// </summary>
    private bool DetachPinnedLocked(ulong start, ulong end, Predicate<MemoryArea> mayDrop)
    {
        for (ulong at = start; at < end;)
        {
            int index = IndexAfterLocked(at) - 1;
            if (index < 0 || at >= _areas[index].End)
            {
                at = index + 1 < _areas.Count ? _areas[index + 1].Start : end;
                continue;
            }
            MemoryArea area = _areas[index];
            if (!mayDrop(area))
                return true;
            ulong partEnd = Math.Min(end, area.End);
            if (area.Content == HostContent.Anonymous && !area.IsCopiedFile
                && _memory.TryFindPinned(area.PhysicalOf(at), partEnd - at, out GuestPhysicalAddress pinned, out ulong length))
            {
                ulong from = area.Start + (pinned.Value - area.Physical.Value);
                if (!DetachLocked(from, from + length))
                    return false;
                partEnd = from + length;
            }
            at = partEnd;
        }
        return true;
    }

    private bool DetachLocked(ulong start, ulong end)
    {
        if (_memory.Reserve(end - start, start) is not { } fresh)
            return false;
        IsolateLocked(start, end);
        MemoryArea area = FindLocked(start)!;
        GuestPhysicalAddress old = area.Physical;
        _tables.Unmap(new(start), area.Length);
        area.Physical = fresh;
        _memory.Release(old, area.Length, HostContent.Anonymous);
        if (area.Length <= EagerBytes)
            FillLocked(area, area.Start, area.End);
        return true;
    }
}
