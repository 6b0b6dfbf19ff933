using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>timerfd: descriptors of the host, which read, poll and epoll use as they are.</summary>
internal static class TimerDescriptorCalls
{
    private const int TimeBytes = 32, CloseOnExec = 0x80000;

    [SystemCall(SystemCall.TimerfdCreate, SupportState.Full)]
    internal static SyscallResult Create(GuestThread thread, int clock, int flags) =>
        thread.Files.InstallHost(HostStubs.CallQuick(SystemCall.TimerfdCreate, clock, flags | CloseOnExec), (flags & CloseOnExec) != 0);

    [SystemCall(SystemCall.TimerfdSettime, SupportState.Full)]
    internal static SyscallResult Set(GuestThread thread, int descriptor, int flags, GuestVirtualAddress value, GuestVirtualAddress old)
    {
        Span<byte> structures = thread.Scratch.Span[..(2 * TimeBytes)];
        if (!thread.Memory.TryRead(value, structures[..TimeBytes]))
            return Errno.EFAULT;
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        HostAddress wanted = thread.Scratch.Address, before = wanted + TimeBytes;
        long result = HostStubs.CallQuick(SystemCall.TimerfdSettime, file.Host, flags, (long)wanted.Value, (long)before.Value);
        if (result < 0 || old.IsNull)
            return result;
        return thread.Memory.TryWrite(old, structures[TimeBytes..]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.TimerfdGettime, SupportState.Full)]
    internal static SyscallResult Get(GuestThread thread, int descriptor, GuestVirtualAddress value)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        long result = HostStubs.CallQuick(SystemCall.TimerfdGettime, file.Host, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(value, thread.Scratch.Span[..TimeBytes]) ? result : Errno.EFAULT;
    }
}
