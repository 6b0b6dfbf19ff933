using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>POSIX timers.</summary>
internal static class TimerCalls
{
    private const int NotifySignal = 0, NotifyNone = 1, NotifyThread = 2, NotifyThreadId = 4;
    private const int TimeBytes = 32, EventBytes = 64;

    /// <summary>struct sigevent, as far as the kernel reads it. Source: asm-generic/siginfo.h.</summary>
    [StructLayout(LayoutKind.Sequential, Size = EventBytes)]
    private struct SignalEvent
    {
        internal ulong Value;
        internal int Signal;
        internal int Notify;
        internal int ThreadId;
    }

    [SystemCall(SystemCall.TimerCreate, SupportState.Partly, Missing = "clocks behind a descriptor (PTP) are refused (EINVAL)")]
    internal static SyscallResult Create(GuestThread thread, int clock, GuestVirtualAddress eventAddress, GuestVirtualAddress idAddress)
    {
        SignalEvent wanted = new() { Signal = SignalNumber.SIGALRM };
        if (!eventAddress.IsNull && !thread.Memory.TryRead(eventAddress, out wanted))
            return Errno.EFAULT;
        if (!HostClock.TryTranslate(thread, clock, out int hostClock) || !IsValid(thread, wanted, out ThreadSignals? target))
            return Errno.EINVAL;
        long result = CreateOnHost(thread, hostClock, wanted.Notify == NotifyNone, out int id);
        if (result < 0)
            return result;
        if (!thread.Memory.TryWrite(idAddress, id))
        {
            HostStubs.CallQuick(SystemCall.TimerDelete, id);
            return Errno.EFAULT;
        }
        SignalInfo info = new() { Code = SignalCode.Timer, First = (uint)id, Second = eventAddress.IsNull ? (uint)id : wanted.Value };
        info.Number = wanted.Notify == NotifyNone ? 0 : wanted.Signal;
        thread.Process.Signals.Timers.Add(id, info, target);
        return SyscallResult.Success;
    }

    [SystemCall(SystemCall.TimerSettime, SupportState.Full)]
    internal static SyscallResult Set(GuestThread thread, int id, int flags, GuestVirtualAddress value, GuestVirtualAddress old)
    {
        if (value.IsNull)
            return Errno.EINVAL;
        Span<byte> structures = thread.Scratch.Span[..(2 * TimeBytes)];
        if (!thread.Memory.TryRead(value, structures[..TimeBytes]))
            return Errno.EFAULT;
        if (!thread.Process.Signals.Timers.Contains(id))
            return Errno.EINVAL;
        HostAddress wanted = thread.Scratch.Address, before = wanted + TimeBytes;
        long result = HostStubs.CallQuick(SystemCall.TimerSettime, id, flags, (long)wanted.Value, (long)before.Value);
        if (result < 0)
            return result;
        if (TimerIntervalCalls.IsDisarming(structures))
            thread.Process.Signals.Host?.Settle();
        if (old.IsNull)
            return result;
        return thread.Memory.TryWrite(old, structures[TimeBytes..]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.TimerGettime, SupportState.Full)]
    internal static SyscallResult Get(GuestThread thread, int id, GuestVirtualAddress value)
    {
        if (!thread.Process.Signals.Timers.Contains(id))
            return Errno.EINVAL;
        long result = HostStubs.CallQuick(SystemCall.TimerGettime, id, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(value, thread.Scratch.Span[..TimeBytes]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.TimerGetoverrun, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetOverrun(GuestThread thread, int id) =>
        thread.Process.Signals.Timers.Overrun(id) is { } overrun ? overrun : Errno.EINVAL;

    [SystemCall(SystemCall.TimerDelete, SupportState.Full)]
    internal static SyscallResult Delete(GuestThread thread, int id) =>
        thread.Process.Signals.Timers.Remove(id) ? HostStubs.CallQuick(SystemCall.TimerDelete, id) : Errno.EINVAL;

    /// <summary>Source: linux/kernel/time/posix-timers.c, good_sigevent.</summary>
    private static bool IsValid(GuestThread thread, in SignalEvent wanted, out ThreadSignals? target)
    {
        target = null;
        switch (wanted.Notify)
        {
            case NotifyNone:
                return true;
            case NotifyThreadId when thread.Process.FindThread(wanted.ThreadId) is { } found:
                target = found.Signals;
                break;
            case NotifySignal or NotifyThread:
                break;
            default:
                return false;
        }
        return wanted.Signal is >= 1 and <= SignalNumber.Highest;
    }

    private static long CreateOnHost(GuestThread thread, int clock, bool silent, out int id)
    {
        id = 0;
        if (thread.Process.Signals.Host is not { } host)
            return -(long)Errno.EAGAIN;
        SignalEvent hostEvent = new()
        {
            Signal = HostSignals.TimerSignal,
            Notify = silent ? NotifyNone : NotifyThreadId,
            ThreadId = host.ThreadId,
        };
        MemoryMarshal.Write(thread.Scratch.Span, hostEvent);
        HostAddress at = thread.Scratch.Address;
        long result = HostStubs.CallQuick(SystemCall.TimerCreate, clock, (long)at.Value, (long)(at + EventBytes).Value);
        if (result >= 0)
            id = BinaryPrimitives.ReadInt32LittleEndian(thread.Scratch.Span[EventBytes..]);
        return result;
    }
}
