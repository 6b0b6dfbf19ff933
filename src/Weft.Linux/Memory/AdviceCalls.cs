using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>mremap(2), madvise(2), mlock(2), msync(2) and mincore(2).</summary>
internal static class AdviceCalls
{
    private const ulong PageMask = AddressSpace.PageSize - 1;

    [SystemCall(SystemCall.Mremap, SupportState.Full)]
    internal static SyscallResult Remap(GuestThread thread, ulong address, ulong oldLength, ulong newLength, ulong flags, ulong newAddress)
    {
        const ulong mayMove = 1, isFixed = 2, dontUnmap = 4;
        ulong oldSize = oldLength + PageMask & ~PageMask, newSize = newLength + PageMask & ~PageMask;
        bool moves = (flags & mayMove) != 0, toFixed = (flags & isFixed) != 0, keeps = (flags & dontUnmap) != 0;
        if ((flags & ~(mayMove | isFixed | dontUnmap)) != 0 || (address & PageMask) != 0 || newSize == 0 || (oldSize == 0 && !moves))
            return Errno.EINVAL;
        if ((toFixed || keeps) && !moves || keeps && oldSize != newSize)
            return Errno.EINVAL;
        if (toFixed && ((newAddress & PageMask) != 0 || newAddress > AddressSpace.End || newSize > AddressSpace.End - newAddress))
            return Errno.EINVAL;
        if (toFixed && newAddress < AddressSpace.LowestAddress)
            return Errno.EPERM;
        if (address > AddressSpace.End || oldSize > AddressSpace.End - address)
            return Errno.EFAULT;
        if (newSize > AddressSpace.End)
            return Errno.ENOMEM;
        if (oldSize == 0)
            return thread.Memory.Duplicate(address, newSize, toFixed ? newAddress : null);
        return thread.Memory.Remap(address, oldSize, newSize, moves, toFixed ? newAddress : null, keeps);
    }

    [SystemCall(SystemCall.Madvise, SupportState.Partly, Missing = "MADV_HWPOISON, MADV_SOFT_OFFLINE and MADV_COLLAPSE are refused; MADV_FREE frees at once")]
    internal static SyscallResult Advise(GuestThread thread, ulong address, ulong length, int advice)
    {
        const int free = 8, remove = 9, dontNeed = 4, dontNeedLocked = 24, dontFork = 10, doFork = 11, dontDump = 16, doDump = 17, wipeOnFork = 18,
            keepOnFork = 19, populateRead = 22, populateWrite = 23, willNeed = 3, cold = 20, pageOut = 21, collapse = 25, poison = 100, softOffline = 101;
        if (advice is poison or softOffline)
            return Errno.EPERM;
        if (advice is < 0 or >= collapse or 5 or 6 or 7)
            return Errno.EINVAL;
        if ((address & PageMask) != 0)
            return Errno.EINVAL;
        ulong size = length + PageMask & ~PageMask;
        if (size < length || address > AddressSpace.End || size > AddressSpace.End - address)
            return size < length ? Errno.EINVAL : Errno.ENOMEM;
        if (size == 0)
            return SyscallResult.Success;
        AddressSpace memory = thread.Memory;
        return advice switch
        {
            dontNeed or dontNeedLocked => memory.DropPages(address, size, lockedToo: advice == dontNeedLocked),
            free => memory.DropPages(address, size, lockedToo: false, onlyAnonymous: true),
            remove => memory.VisitRange(address, size, (area, host, _, count) =>
                area.Content is HostContent.Anonymous or HostContent.Doorbell ? Errno.EINVAL : Host(host, count, advice)),
            dontFork or doFork => memory.ChangeRange(address, size, (area, _, _, _) =>
            {
                area.DontFork = advice == dontFork;
                return SyscallResult.Success;
            }, whenFull: Errno.EAGAIN),
            dontDump or doDump => memory.VisitRange(address, size, (_, _, _, _) => SyscallResult.Success),
            wipeOnFork or keepOnFork => memory.ChangeRange(address, size, (area, _, _, _) =>
            {
                if (advice == wipeOnFork && (area.Content != HostContent.Anonymous || area.IsCopiedFile))
                    return Errno.EINVAL;
                area.WipeOnFork = advice == wipeOnFork;
                return SyscallResult.Success;
            }, whenFull: Errno.EAGAIN),
            populateRead or populateWrite => memory.VisitRange(address, size, (area, host, start, count) =>
                Populate(memory, area, host, start, count, advice == populateWrite, advice)),
            willNeed or cold or pageOut => memory.VisitRange(address, size, (_, host, _, count) => Host(host, count, advice)),
            // These mark mappings, and so may split them.
            _ => memory.VisitRange(address, size, (_, host, _, count) => memory.MaySplitOnHost() ? Host(host, count, advice) : Errno.EAGAIN),
        };
    }

    private static SyscallResult Populate(AddressSpace memory, MemoryArea area, HostAddress host, ulong start, ulong count, bool write, int advice)
    {
        Protection need = write ? Protection.Write : Protection.Read;
        if ((area.Protection & need) == 0)
            return Errno.EINVAL;
        memory.Fill(area, start, count);
        return Host(host, count, advice);
    }

    private static SyscallResult Host(HostAddress host, ulong count, int advice) =>
        HostStubs.Call(SystemCall.Madvise, (long)host.Value, (long)count, advice);

    [SystemCall(SystemCall.Mincore, SupportState.Full)]
    internal static SyscallResult InCore(GuestThread thread, ulong address, ulong length, GuestVirtualAddress vector)
    {
        if ((address & PageMask) != 0)
            return Errno.EINVAL;
        ulong size = length + PageMask & ~PageMask;
        if (address > AddressSpace.End || size > AddressSpace.End - address || size < length)
            return Errno.ENOMEM;
        NativeBuffer scratch = thread.Scratch;
        ulong most = (ulong)scratch.Length * AddressSpace.PageSize;
        return size == 0 ? SyscallResult.Success : thread.Memory.VisitRange(address, size, (_, host, start, count) =>
        {
            for (ulong done = 0; done < count;)
            {
                ulong part = Math.Min(most, count - done);
                long result = HostStubs.Call(SystemCall.Mincore, (long)(host.Value + done), (long)part, (long)scratch.Address.Value);
                if (result < 0)
                    return result;
                GuestVirtualAddress target = vector + (start + done - address) / AddressSpace.PageSize;
                if (!thread.Memory.TryWrite(target, scratch.Span[..(int)(part / AddressSpace.PageSize)]))
                    return Errno.EFAULT;
                done += part;
            }
            return SyscallResult.Success;
        });
    }

    [SystemCall(SystemCall.Msync, SupportState.Full)]
    internal static SyscallResult Sync(GuestThread thread, ulong address, ulong length, int flags)
    {
        const int asynchronous = 1, synchronous = 4, known = 7;
        if ((flags & ~known) != 0 || (flags & (asynchronous | synchronous)) == (asynchronous | synchronous) || (address & PageMask) != 0)
            return Errno.EINVAL;
        ulong size = length + PageMask & ~PageMask;
        if (size < length || address > AddressSpace.End || size > AddressSpace.End - address)
            return Errno.ENOMEM;
        return size == 0 ? SyscallResult.Success : thread.Memory.VisitRange(address, size, (_, host, _, count) =>
            HostStubs.Call(SystemCall.Msync, (long)host.Value, (long)count, flags));
    }

    [SystemCall(SystemCall.Mlock, SupportState.Full)]
    internal static SyscallResult Lock(GuestThread thread, ulong address, ulong length) => Lock2(thread, address, length, 0);

    [SystemCall(SystemCall.Mlock2, SupportState.Full)]
    internal static SyscallResult Lock2(GuestThread thread, ulong address, ulong length, int flags)
    {
        const int onFault = 1;
        if ((flags & ~onFault) != 0)
            return Errno.EINVAL;
        return SetLocked(thread, address, length, true, (host, count) => HostStubs.Call(SystemCall.Mlock2, (long)host.Value, (long)count, flags));
    }

    [SystemCall(SystemCall.Munlock, SupportState.Full)]
    internal static SyscallResult Unlock(GuestThread thread, ulong address, ulong length) =>
        SetLocked(thread, address, length, false, (host, count) => HostStubs.Call(SystemCall.Munlock, (long)host.Value, (long)count));

    private static SyscallResult SetLocked(GuestThread thread, ulong address, ulong length, bool locked, Func<HostAddress, ulong, long> call)
    {
        ulong start = address & ~PageMask;
        ulong size = (address & PageMask) + length + PageMask & ~PageMask;
        if (length != 0 && size == 0 || start > AddressSpace.End || size > AddressSpace.End - start)
            return length != 0 && size == 0 ? Errno.EINVAL : Errno.ENOMEM;
        return size == 0 ? SyscallResult.Success : thread.Memory.ChangeRange(start, size, (area, host, from, count) =>
        {
            if (locked && AddressSpace.AccessOf(area.Protection) != PageAccess.None)
                thread.Memory.Fill(area, from, count);
            if (!thread.Memory.MaySplitOnHost())
                return Errno.ENOMEM;
            area.IsLocked = locked;
            return call(host, count);
        });
    }

    [SystemCall(SystemCall.Mlockall, SupportState.Partly, Missing = "MCL_FUTURE locks only what is mapped now")]
    internal static SyscallResult LockAll(GuestThread thread, int flags)
    {
        const int known = 7, onFault = 4;
        if (flags == 0 || (flags & ~known) != 0 || flags == onFault)
            return Errno.EINVAL;
        SyscallResult result = SyscallResult.Success;
        thread.Memory.VisitAll((area, host, _, count) =>
        {
            if (area.Protection != Protection.None && !result.IsError)
                result = HostStubs.Call(SystemCall.Mlock2, (long)host.Value, (long)count, 1);
            area.IsLocked = true;
            return SyscallResult.Success;
        });
        return result;
    }

    [SystemCall(SystemCall.Munlockall, SupportState.Full)]
    internal static SyscallResult UnlockAll(GuestThread thread)
    {
        thread.Memory.VisitAll((area, host, _, count) =>
        {
            area.IsLocked = false;
            return HostStubs.Call(SystemCall.Munlock, (long)host.Value, (long)count);
        });
        return SyscallResult.Success;
    }

    [SystemCall(SystemCall.PkeyMprotect, SupportState.Partly, Missing = "only key -1: there are no protection keys")]
    internal static SyscallResult ProtectWithKey(GuestThread thread, ulong address, ulong length, int protection, int key) =>
        key == -1 ? MemoryCalls.Protect(thread, address, length, protection) : Errno.EINVAL;

    [SystemCall(SystemCall.PkeyAlloc, SupportState.Refused, Missing = "ENOSPC, as on a processor without protection keys")]
    internal static SyscallResult AllocateKey(GuestThread thread) => Errno.ENOSPC;

    [SystemCall(SystemCall.PkeyFree, SupportState.Refused, Missing = "EINVAL: no key was ever allocated")]
    internal static SyscallResult FreeKey(GuestThread thread) => Errno.EINVAL;
}
