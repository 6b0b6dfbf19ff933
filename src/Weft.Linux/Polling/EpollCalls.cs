using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>epoll(7): the host's epoll on the host's descriptors; the program's data passes through.</summary>
internal static class EpollCalls
{
    private const int CloseOnExec = 0x80000, EventBytes = 12, EventsOffset = 64;

    // More events at once than any set has descriptors.
    private const int MostEvents = 1 << 20;

    [SystemCall(SystemCall.EpollCreate, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult CreateSized(GuestThread thread, int size) => size <= 0 ? Errno.EINVAL : Create(thread, 0);

    [SystemCall(SystemCall.EpollCreate1, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Create(GuestThread thread, int flags) =>
        (flags & ~CloseOnExec) != 0
            ? Errno.EINVAL
            : thread.Files.InstallHost(HostStubs.CallQuick(SystemCall.EpollCreate1, CloseOnExec), flags != 0);

    [SystemCall(SystemCall.EpollCtl, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Control(GuestThread thread, int epoll, int operation, int descriptor, GuestVirtualAddress request)
    {
        const int delete = 2;
        Span<byte> scratch = thread.Scratch.Span;
        if (operation != delete && !thread.Memory.TryRead(request, scratch[..EventBytes]))
            return Errno.EFAULT;
        using FileLease set = thread.Files.Rent(epoll);
        if (!set.IsOpen)
            return Errno.EBADF;
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is SignalDescription signals)
            signals.AddUser(thread.Signals);
        return file.Description.EpollKeys.Control(set.Host, operation, descriptor, thread.Scratch.Address);
    }

    [SystemCall(SystemCall.EpollWait, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Wait(GuestThread thread, int epoll, GuestVirtualAddress events, int most, int timeoutMs) =>
        Wait(thread, epoll, events, most, timeoutMs < 0 ? null : Timespec.FromMilliseconds(timeoutMs));

    [SystemCall(SystemCall.EpollPwait, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult WaitWithMask(GuestThread thread, int epoll, GuestVirtualAddress events, int most, int timeoutMs,
        GuestVirtualAddress mask, ulong maskBytes)
    {
        SyscallResult applied = TemporaryMask.Apply(thread, mask, maskBytes);
        return applied != SyscallResult.Success ? applied : Wait(thread, epoll, events, most, timeoutMs);
    }

    [SystemCall(SystemCall.EpollPwait2, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult WaitWithTimespec(GuestThread thread, int epoll, GuestVirtualAddress events, int most,
        GuestVirtualAddress timeout, GuestVirtualAddress mask, ulong maskBytes)
    {
        Timespec? limit = null;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out Timespec asked))
                return Errno.EFAULT;
            if (!asked.IsValid)
                return Errno.EINVAL;
            limit = asked;
        }
        SyscallResult applied = TemporaryMask.Apply(thread, mask, maskBytes);
        return applied != SyscallResult.Success ? applied : Wait(thread, epoll, events, most, limit);
    }

    private static SyscallResult Wait(GuestThread thread, int epoll, GuestVirtualAddress events, int most, Timespec? timeout)
    {
        if (most is <= 0 or > int.MaxValue / EventBytes)
            return Errno.EINVAL;
        using FileLease set = thread.Files.Rent(epoll);
        if (!set.IsOpen)
            return Errno.EBADF;
        if (!thread.Memory.TryGetHostRange(events, 1, PageAccess.Write, out _, out _))
            return Errno.EFAULT;
        most = Math.Min(most, MostEvents);
        int bytes = EventsOffset + most * EventBytes;
        using NativeBuffer? own = bytes > thread.Scratch.Length ? new NativeBuffer(bytes) : null;
        NativeBuffer memory = own ?? thread.Scratch;
        SyscallResult result = WaitOnHost(thread, memory, set.Host, most, timeout);
        if (result.Value <= 0)
            return result.WithoutRestart();
        return thread.Memory.TryWrite(events, memory.Span.Slice(EventsOffset, (int)result.Value * EventBytes)) ? result : Errno.EFAULT;
    }

    private static SyscallResult WaitOnHost(GuestThread thread, NativeBuffer memory, int host, int most, Timespec? timeout)
    {
        long address = (long)memory.Address.Value, events = address + EventsOffset;
        if (thread.IsAttended)
        {
            // What is ready now is answered without an exit; who must wait leaves by one.
            SyscallResult now = HostStubs.CallQuick(SystemCall.EpollWait, host, events, most, 0);
            return now.Value != 0 || timeout is { IsZero: true } ? now : SyscallResult.Declined;
        }
        if (timeout is not { } limit)
            return thread.Block(SystemCall.EpollWait, host, events, most, -1);
        if (limit.IsZero)
            return HostStubs.CallQuick(SystemCall.EpollWait, host, events, most, 0);
        long deadline = limit.Deadline();
        SyscallResult result;
        do
            MemoryMarshal.Write(memory.Span, Timespec.Until(deadline));
        while (!thread.TryBlock(out result, SystemCall.EpollPwait2, host, events, most, address));
        return result.Error == Errno.ENOSYS ? WaitInMilliseconds(thread, events, host, most, deadline) : result;
    }

    /// <summary>For hosts before Linux 5.11, which know milliseconds only.</summary>
    private static SyscallResult WaitInMilliseconds(GuestThread thread, long events, int host, int most, long deadline)
    {
        const long perMillisecond = 1_000_000;
        SyscallResult result;
        long milliseconds;
        do
        {
            Timespec left = Timespec.Until(deadline);
            milliseconds = left.Seconds >= int.MaxValue / 1000 ? -1 : left.Seconds * 1000 + (left.Nanoseconds + perMillisecond - 1) / perMillisecond;
        }
        while (!thread.TryBlock(out result, SystemCall.EpollWait, host, events, most, milliseconds));
        return result;
    }
}
