using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>
/// alarm, setitimer and getitimer: the host process's own timers, whose signals are forwarded like all that come from
/// outside.
/// </summary>
internal static class TimerIntervalCalls
{
    private const int IntervalBytes = 32;

    [SystemCall(SystemCall.Alarm, SupportState.Full)]
    internal static SyscallResult Alarm(GuestThread thread, uint seconds)
    {
        long result = HostStubs.CallQuick(SystemCall.Alarm, seconds);
        if (seconds == 0)
            thread.Process.Signals.Host?.Settle();
        return result;
    }

    [SystemCall(SystemCall.Setitimer, SupportState.Partly, Missing = "ITIMER_VIRTUAL and ITIMER_PROF count the VMM's time too")]
    internal static SyscallResult Set(GuestThread thread, int which, GuestVirtualAddress value, GuestVirtualAddress old)
    {
        Span<byte> structures = thread.Scratch.Span[..(2 * IntervalBytes)];
        structures.Clear();
        if (!value.IsNull && !thread.Memory.TryRead(value, structures[..IntervalBytes]))
            return Errno.EFAULT;
        HostAddress wanted = thread.Scratch.Address, before = wanted + IntervalBytes;
        long result = HostStubs.CallQuick(SystemCall.Setitimer, which, (long)wanted.Value, (long)before.Value);
        if (result < 0)
            return result;
        if (IsDisarming(structures))
            thread.Process.Signals.Host?.Settle();
        if (old.IsNull)
            return result;
        return thread.Memory.TryWrite(old, structures[IntervalBytes..]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Getitimer, SupportState.Partly, Ways = CallWays.Attendant, Missing = "ITIMER_VIRTUAL and ITIMER_PROF count the VMM's time too")]
    internal static SyscallResult Get(GuestThread thread, int which, GuestVirtualAddress value)
    {
        long result = HostStubs.CallQuick(SystemCall.Getitimer, which, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(value, thread.Scratch.Span[..IntervalBytes]) ? result : Errno.EFAULT;
    }

    /// <summary>Whether a struct itimerval or itimerspec, which differ in the unit only, sets no time: interval first, then the time.</summary>
    internal static bool IsDisarming(ReadOnlySpan<byte> value) => !value.Slice(IntervalBytes / 2, IntervalBytes / 2).ContainsAnyExcept((byte)0);
}
