using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>fcntl(2) and flock(2).</summary>
internal static class FcntlCalls
{
    private const int DupFd = 0, GetFd = 1, SetFd = 2, GetFl = 3, SetFl = 4, GetLock = 5, SetLock = 6, SetLockWait = 7, SetOwner = 8, GetOwner = 9,
        SetSignal = 10, GetSignal = 11, SetOwnerEx = 15, GetOwnerEx = 16, GetOwnerIds = 17, OfdGetLock = 36, OfdSetLock = 37, OfdSetLockWait = 38,
        SetLease = 1024, GetLease = 1025, Notify = 1026, DupFdQuery = 1027, CreatedQuery = 1028, CancelLock = 1029, DupFdCloseOnExec = 1030,
        SetPipeSize = 1031, GetPipeSize = 1032, AddSeals = 1033, GetSeals = 1034,
        GetWriteHint = 1035, SetWriteHint = 1036, GetFileWriteHint = 1037, SetFileWriteHint = 1038;

    private const int LockBytes = 32;

    [SystemCall(SystemCall.Fcntl, SupportState.Partly, Ways = CallWays.Attendant, Missing = "leases and directory notification are refused (EINVAL), and F_SETSIG with signals that the VMM needs")]
    internal static SyscallResult Control(GuestThread thread, int descriptor, int command, ulong argument)
    {
        switch (command)
        {
            case DupFd or DupFdCloseOnExec:
                return DescriptorCalls.DuplicateFrom(thread, descriptor, (int)argument, command == DupFdCloseOnExec);
            case GetFd:
                return thread.Files.GetCloseOnExec(descriptor) is { } closeOnExec ? (closeOnExec ? 1 : 0) : Errno.EBADF;
            case SetFd:
                return thread.Files.SetCloseOnExec(descriptor, (argument & 1) != 0) ? SyscallResult.Success : Errno.EBADF;
        }
        if (thread.IsAttended && command is not (GetFl or SetFl))
            return SyscallResult.Declined;
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        // A made-up file's memfd must not be changed by the program; its flags may be read.
        if (file.Description is VirtualDirectory or VirtualFile or DeviceFile && command is not (GetFl or SetFl or DupFdQuery))
            return Errno.EINVAL;
        return ControlFile(thread, file.Description, command, argument);
    }

    [SystemCall(SystemCall.Flock, SupportState.Full)]
    internal static SyscallResult LockFile(GuestThread thread, int descriptor, int operation)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        return file.IsOpen ? thread.Block(SystemCall.Flock, file.Host, operation) : Errno.EBADF;
    }

    private static SyscallResult ControlFile(GuestThread thread, FileDescription file, int command, ulong argument)
    {
        switch (command)
        {
            case GetFl when file is VirtualDirectory:
                return OpenFlags.Directory;
            case GetFl or SetFl or SetOwner or GetOwner or GetSignal or SetPipeSize or GetPipeSize or AddSeals or GetSeals or CreatedQuery:
                return HostStubs.Call(SystemCall.Fcntl, file.Host, command, (int)argument);
            case GetLock or SetLock or SetLockWait or OfdGetLock or OfdSetLock or OfdSetLockWait or CancelLock:
                return Lock(thread, file, command, new GuestVirtualAddress(argument));
            case SetOwnerEx or GetOwnerEx or GetOwnerIds or GetWriteHint or SetWriteHint or GetFileWriteHint or SetFileWriteHint:
                return ThroughScratch(thread, file, command, new GuestVirtualAddress(argument));
            case DupFdQuery:
                using (FileLease other = thread.Files.Rent((int)argument))
                    return !other.IsOpen ? Errno.EBADF : ReferenceEquals(file, other.Description) ? 1 : 0;
            case SetSignal:
                // Some signals of the host are the VMM's own.
                return argument == 0 || HostSignals.IsForwarded((int)argument) ? HostStubs.Call(SystemCall.Fcntl, file.Host, SetSignal, (int)argument) : Errno.EINVAL;
            case GetLease:
                const int unlocked = 2;
                return unlocked;
            case SetLease or Notify:
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>struct flock is the same inside and outside, and so are process ids.</summary>
    private static SyscallResult Lock(GuestThread thread, FileDescription file, int command, GuestVirtualAddress address)
    {
        Span<byte> flock = thread.Scratch.Span[..LockBytes];
        if (!thread.Memory.TryRead(address, flock))
            return Errno.EFAULT;
        thread.Files.MayHoldLocks |= command is SetLock or SetLockWait;
        SyscallResult result = thread.Block(SystemCall.Fcntl, file.Host, command, (long)thread.Scratch.Address.Value);
        if (result.IsError || result.IsRestart || command is not (GetLock or OfdGetLock))
            return result;
        return thread.Memory.TryWrite(address, flock) ? result : Errno.EFAULT;
    }

    private static SyscallResult ThroughScratch(GuestThread thread, FileDescription file, int command, GuestVirtualAddress address)
    {
        const int bytes = 8;
        Span<byte> value = thread.Scratch.Span[..bytes];
        if (!thread.Memory.TryRead(address, value))
            return Errno.EFAULT;
        long result = HostStubs.Call(SystemCall.Fcntl, file.Host, command, (long)thread.Scratch.Address.Value);
        bool isRead = command is GetOwnerEx or GetOwnerIds or GetWriteHint or GetFileWriteHint;
        return result >= 0 && isRead && !thread.Memory.TryWrite(address, value) ? Errno.EFAULT : result;
    }
}
