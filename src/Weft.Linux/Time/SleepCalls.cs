using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>nanosleep and clock_nanosleep.</summary>
internal static class SleepCalls
{
    private const int Absolute = 1;

    [SystemCall(SystemCall.Nanosleep, SupportState.Full)]
    internal static SyscallResult Nanosleep(GuestThread thread, GuestVirtualAddress time, GuestVirtualAddress left)
    {
        if (!thread.Memory.TryRead(time, out TimeSpec relative))
            return Errno.EFAULT;
        return relative.IsValid ? SleepFor(thread, HostClock.Monotonic, relative, left) : Errno.EINVAL;
    }

    [SystemCall(SystemCall.ClockNanosleep, SupportState.Full)]
    internal static SyscallResult ClockNanosleep(GuestThread thread, int clock, int flags, GuestVirtualAddress time, GuestVirtualAddress left)
    {
        if (clock == HostClock.ThreadCpuTime || !HostClock.TryTranslate(thread, clock, out int hostClock))
            return Errno.EINVAL;
        // An unknown clock is found before the address is looked at.
        long known = HostStubs.CallQuick(SystemCall.ClockGetres, hostClock, (long)thread.Scratch.Address.Value);
        if (known < 0)
            return known;
        if (!thread.Memory.TryRead(time, out TimeSpec given))
            return Errno.EFAULT;
        if (!given.IsValid)
            return Errno.EINVAL;
        if ((flags & Absolute) != 0)
            return BlockUntil(thread, hostClock, given);
        // A relative sleep does not follow a clock that is set.
        return SleepFor(thread, clock == HostClock.Realtime ? HostClock.Monotonic : hostClock, given, left);
    }

    private static SyscallResult SleepFor(GuestThread thread, int clock, TimeSpec relative, GuestVirtualAddress left) =>
        SleepUntil(thread, clock, HostClock.Now(thread, clock).Plus(relative), left);

    private static SyscallResult SleepUntil(GuestThread thread, int clock, TimeSpec deadline, GuestVirtualAddress left)
    {
        SyscallResult result = BlockUntil(thread, clock, deadline);
        if (!result.IsRestart)
            return result;
        TimeSpec remaining = HostClock.Now(thread, clock).Until(deadline);
        if (remaining.IsZero)
            return SyscallResult.Success;
        if (!left.IsNull && !thread.Memory.TryWrite(left, remaining))
            return Errno.EFAULT;
        thread.Signals.ContinueWith(caller => SleepUntil(caller, clock, deadline, left));
        return result;
    }

    private static SyscallResult BlockUntil(GuestThread thread, int clock, TimeSpec deadline)
    {
        MemoryMarshal.Write(thread.Scratch.Span, deadline);
        return thread.Block(SystemCall.ClockNanosleep, clock, Absolute, (long)thread.Scratch.Address.Value);
    }
}
