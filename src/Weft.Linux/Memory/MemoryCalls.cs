using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>mmap(2) and its like.</summary>
internal static class MemoryCalls
{
    private const int MapShared = 1, MapPrivate = 2, MapSharedValidate = 3, MapTypeMask = 0xf, MapFixed = 0x10, MapAnonymous = 0x20,
        Map32Bit = 0x40, MapGrowsDown = 0x100, MapLocked = 0x2000, MapPopulate = 0x8000, MapHugeTlb = 0x40000, MapFixedNoReplace = 0x100000;

    [SystemCall(SystemCall.Mmap, SupportState.Partly, Missing = "MAP_HUGETLB is refused (ENOMEM); MAP_32BIT is a hint")]
    internal static SyscallResult Map(GuestThread thread, ulong address, ulong length, int protection, int flags, int descriptor, ulong offset)
    {
        int type = flags & MapTypeMask;
        if (type is not (MapShared or MapPrivate or MapSharedValidate) || (offset & (AddressSpace.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if ((flags & MapHugeTlb) != 0)
            return Errno.ENOMEM;
        bool shared = type != MapPrivate;
        MapRequest request = new()
        {
            Address = address,
            LengthBytes = length,
            Protection = (Protection)protection & (Protection.Read | Protection.Write | Protection.Execute),
            Placement = (flags & MapFixedNoReplace) != 0 ? MapPlacement.FixedNoReplace
                : (flags & MapFixed) != 0 ? MapPlacement.Fixed : MapPlacement.Anywhere,
            GrowsDown = (flags & MapGrowsDown) != 0,
            IsShared = shared,
            Populate = (flags & (MapPopulate | MapLocked)) != 0,
        };
        if ((flags & MapAnonymous) != 0)
            return shared ? FileMapper.MapSharedAnonymous(thread, request) : thread.Memory.Map(request);
        using FileLease file = thread.Files.Rent(descriptor);
        return file.IsOpen ? FileMapper.Map(thread, file.Description, request with { FileOffset = offset }) : Errno.EBADF;
    }

    [SystemCall(SystemCall.Munmap, SupportState.Full)]
    internal static SyscallResult Unmap(GuestThread thread, ulong address, ulong length) => thread.Memory.Unmap(address, length);

    [SystemCall(SystemCall.Mprotect, SupportState.Full)]
    internal static SyscallResult Protect(GuestThread thread, ulong address, ulong length, int protection)
    {
        const int growsDown = 0x01000000, growsUp = 0x02000000, known = 7 | growsDown;
        if ((protection & ~known) != 0 || (protection & growsUp) != 0)
            return Errno.EINVAL;
        return thread.Memory.Protect(address, length, (Protection)protection & (Protection.Read | Protection.Write | Protection.Execute));
    }

    [SystemCall(SystemCall.Brk, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Break(GuestThread thread, ulong address) => (long)thread.Memory.SetBreak(address);
}
