using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>
    /// Takes a segment of the host's System V shared memory over into the program's memory: the host's own pages, so
    /// that other VMs and processes of the host see each other's stores.
    /// </summary>
    /// <param name="segment">
    /// Where the VMM has attached it, read-only when <see cref="MapRequest.Content"/> says so. On success the attachment
    /// has moved into guest memory and ends with the mapping; on failure it is still the caller's.
    /// </param>
    /// <param name="request">Length of the segment, protection, placement, and the file that marks it.</param>
    /// <returns>The guest address, or -errno.</returns>
    public SyscallResult MapSystemV(HostAddress segment, in MapRequest request)
    {
        ulong length = RoundUp(request.LengthBytes);
        if (length == 0 || length > End)
            return Errno.ENOMEM;
        lock (_lock)
        {
            Errno error = PlaceLocked(request, length, out ulong start);
            if (error != Errno.None)
                return error;
            if (_memory.Reserve(length, start) is not { } physical)
                return Errno.ENOMEM;
            _memory.EnsureSlots(physical, length);
            long result = _memory.TakeOver(segment, physical, length);
            if (result < 0)
            {
                _memory.Release(physical, length, request.Content);
                return result;
            }
            if (request.Placement == MapPlacement.Fixed)
                UnmapLocked(start, start + length);
            InsertLocked(new MemoryArea
            {
                Start = start,
                End = start + length,
                Protection = request.Protection,
                Content = request.Content,
                Physical = physical,
                IsShared = true,
                File = request.File,
                FileOffset = request.FileOffset,
            });
            FillFreshLocked(FindLocked(start)!, start, start + length);
            return (long)start;
        }
    }

    /// <summary>Ends the attachment that was made at an address, what is left of it, as shmdt(2) does. EINVAL when there is none.</summary>
    public SyscallResult UnmapSystemV(ulong address)
    {
        lock (_lock)
        {
            MemoryArea? first = null;
            // The lowest page may be unmapped already: what counts is where the segment's beginning would be.
            for (int index = Math.Max(0, IndexAfterLocked(address) - 1); first is null && index < _areas.Count; index++)
                if (_areas[index] is { File.IsSystemV: true } area && area.Start - area.FileOffset == address)
                    first = area;
            if (first is null)
                return Errno.EINVAL;
            MappedFile file = first.File!;
            for (int index = _areas.Count - 1; index >= 0; index--)
                if (_areas[index] is { File: { } other } area && other.Equals(file) && area.Start - area.FileOffset == address)
                    UnmapLocked(area.Start, area.End);
            return SyscallResult.Success;
        }
    }
}
