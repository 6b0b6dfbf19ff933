using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>
    /// Maps the machine's doorbell page, or the clock behind it: what mmap(2) of a device's user access region gives. Any protection will do, as
    /// on Linux; it may be mapped more than once, and unmapped as any mapping.
    /// </summary>
    /// <param name="page">Where the machine has it.</param>
    /// <param name="request">Placement, protection and the file to show; its length must be one page. Content is not looked at.</param>
    /// <returns>The address, or -errno: EINVAL for another length.</returns>
    public SyscallResult MapDoorbell(GuestPhysicalAddress page, in MapRequest request)
    {
        ulong length = RoundUp(request.LengthBytes);
        if (length != PageSize)
            return Errno.EINVAL;
        lock (_lock)
        {
            Errno error = PlaceLocked(request with { Content = HostContent.Doorbell }, length, out ulong start);
            if (error != Errno.None)
                return error;
            if (request.Placement == MapPlacement.Fixed)
                UnmapLocked(start, start + length);
            MemoryArea area = new()
            {
                Start = start,
                End = start + length,
                Protection = request.Protection,
                Content = HostContent.Doorbell,
                Physical = page,
                IsShared = true,
                File = request.File,
                FileOffset = request.FileOffset,
            };
            InsertLocked(area);
            FillLocked(area, start, start + length);
            return (long)start;
        }
    }
}
