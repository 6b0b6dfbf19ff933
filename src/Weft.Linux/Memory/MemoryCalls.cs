using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>mmap(2) and its like.</summary>
internal static class MemoryCalls
{
    private const int MapShared = 1, MapPrivate = 2, MapSharedValidate = 3, MapTypeMask = 0xf, MapFixed = 0x10, MapAnonymous = 0x20,
        Map32Bit = 0x40, MapGrowsDown = 0x100, MapDenyWrite = 0x800, MapLocked = 0x2000, MapPopulate = 0x8000, MapHugeTlb = 0x40000, MapFixedNoReplace = 0x100000;

    // The attendant serves all threads: more pages than these would hold the others up.
    private const ulong MostAttendedBytes = 4 << 20;

    // What MAP_SHARED_VALIDATE accepts. Source: linux/include/linux/mman.h, LEGACY_MAP_MASK.
    private const int KnownFlags = MapSharedValidate | MapFixed | MapAnonymous | 0x1800 | MapGrowsDown | MapLocked | 0x4000 | MapPopulate
        | 0x10000 | 0x20000 | MapHugeTlb | Map32Bit | 0x4000000 | 0x3f << 26;

    [SystemCall(SystemCall.Mmap, SupportState.Partly, Ways = CallWays.Attendant, Missing = "MAP_HUGETLB is refused (ENOMEM)")]
    internal static SyscallResult Map(GuestThread thread, ulong address, ulong length, int protection, int flags, int descriptor, ulong offset)
    {
        int type = flags & MapTypeMask;
        if (type is not (MapShared or MapPrivate or MapSharedValidate) || (offset & (AddressSpace.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if (type == MapSharedValidate && (flags & ~KnownFlags) != 0)
            return Errno.EOPNOTSUPP;
        if ((flags & MapHugeTlb) != 0)
            return Errno.ENOMEM;
        bool shared = type != MapPrivate;
        // A fresh range at any place is only written down, unless it is filled at once.
        bool isLong = (flags & (MapFixed | MapPopulate | MapLocked)) != 0 || (flags & MapAnonymous) == 0 || shared;
        if (thread.IsAttended && isLong && length > MostAttendedBytes)
            return SyscallResult.Declined;
        MapRequest request = new()
        {
            Address = address,
            LengthBytes = length,
            Protection = (Protection)protection & (Protection.Read | Protection.Write | Protection.Execute),
            Placement = (flags & MapFixedNoReplace) != 0 ? MapPlacement.FixedNoReplace
                : (flags & MapFixed) != 0 ? MapPlacement.Fixed : MapPlacement.Anywhere,
            Low = (flags & Map32Bit) != 0,
            GrowsDown = (flags & MapGrowsDown) != 0,
            IsShared = shared,
            Populate = (flags & (MapPopulate | MapLocked)) != 0,
            IsCopy = !shared && (flags & MapDenyWrite) != 0,
        };
        if ((flags & MapAnonymous) != 0)
            return shared ? FileMapper.MapSharedAnonymous(thread, request) : thread.Memory.Map(request);
        using FileLease file = thread.Files.Rent(descriptor);
        return file.IsOpen ? FileMapper.Map(thread, file.Description, request with { FileOffset = offset }) : Errno.EBADF;
    }

    [SystemCall(SystemCall.Munmap, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Unmap(GuestThread thread, ulong address, ulong length) =>
        thread.IsAttended && length > MostAttendedBytes ? SyscallResult.Declined : thread.Memory.Unmap(address, length);

    [SystemCall(SystemCall.Mprotect, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Protect(GuestThread thread, ulong address, ulong length, int protection)
    {
        // PROT_SEM (8) means nothing on x86; PROT_GROWSDOWN is for stacks that grow, of which the main one does not.
        const int known = 15;
        if (thread.IsAttended && length > MostAttendedBytes)
            return SyscallResult.Declined;
        if ((protection & ~known) != 0)
            return Errno.EINVAL;
        return thread.Memory.Protect(address, length, (Protection)protection & (Protection.Read | Protection.Write | Protection.Execute));
    }

    [SystemCall(SystemCall.Brk, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Break(GuestThread thread, ulong address) => (long)thread.Memory.SetBreak(address);
}
