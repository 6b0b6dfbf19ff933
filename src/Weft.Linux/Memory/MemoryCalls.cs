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

    [SystemCall(SystemCall.Mmap, SupportState.Partly, Ways = CallWays.Attendant, Missing = "MAP_HUGETLB takes no page of the host's pool: ordinary memory, aligned as asked, where the pool would serve it")]
    internal static SyscallResult Map(GuestThread thread, ulong address, ulong length, int protection, int flags, int descriptor, ulong offset)
    {
        int type = flags & MapTypeMask;
        if (type is not (MapShared or MapPrivate or MapSharedValidate) || (offset & (AddressSpace.PageSize - 1)) != 0)
            return Errno.EINVAL;
        if (type == MapSharedValidate && (flags & ~KnownFlags) != 0)
            return Errno.EOPNOTSUPP;
        ulong huge = 0;
        if ((flags & MapHugeTlb) != 0)
        {
            if (thread.IsAttended)
                return SyscallResult.Declined;
            SyscallResult served = AskHostForHugePages(thread, length, protection, flags, descriptor, offset);
            if (served.IsError)
                return served;
            if ((flags & MapAnonymous) != 0)
                huge = HugePageBytes(flags);
        }
        if (huge != 0 && (flags & (MapFixed | MapFixedNoReplace)) != 0 && (address & (huge - 1)) != 0)
            return Errno.EINVAL;
        bool shared = type != MapPrivate;
        // A fresh range at any place is only written down, unless it is filled at once.
        bool isLong = (flags & (MapFixed | MapPopulate | MapLocked)) != 0 || (flags & MapAnonymous) == 0 || shared;
        if (thread.IsAttended && isLong && length > MostAttendedBytes)
            return SyscallResult.Declined;
        MapRequest request = new()
        {
            Address = address,
            LengthBytes = huge == 0 ? length : unchecked(length + huge - 1) & ~(huge - 1),
            AlignmentBytes = huge,
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

    /// <summary>The host's own answer to the same request: its errors where its pool is empty or the size is none of its.</summary>
    private static SyscallResult AskHostForHugePages(GuestThread thread, ulong length, int protection, int flags, int descriptor, ulong offset)
    {
        long host = -1;
        using FileLease file = thread.Files.Rent(descriptor);
        if ((flags & MapAnonymous) == 0)
        {
            if (!file.IsOpen)
                return Errno.EBADF;
            host = file.Description.Host;
        }
        long placed = HostStubs.Call(SystemCall.Mmap, 0, (long)length, protection, flags & ~(MapFixed | MapFixedNoReplace | MapPopulate | MapLocked),
            host, (long)offset);
        if (placed is < 0 and > -4096)
            return placed;
        ulong size = HugePageBytes(flags);
        HostStubs.Call(SystemCall.Munmap, placed, (long)(unchecked(length + size - 1) & ~(size - 1)));
        return SyscallResult.Success;
    }

    /// <summary>The size that the flags ask for, MAP_HUGE_SHIFT; 2 MiB unless they say. Source: linux/include/uapi/linux/mman.h.</summary>
    private static ulong HugePageBytes(int flags)
    {
        const int shift = 26, mask = 0x3f;
        int logarithm = flags >> shift & mask;
        return logarithm == 0 ? GuestPhysicalMemory.LargePageSize : 1UL << logarithm;
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
