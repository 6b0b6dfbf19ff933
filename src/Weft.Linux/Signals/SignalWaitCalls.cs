using System.Runtime.InteropServices;
using Weft.Linux.Time;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>Calls that wait for a signal.</summary>
internal static class SignalWaitCalls
{
    [SystemCall(SystemCall.Pause, SupportState.Full)]
    internal static SyscallResult Pause(GuestThread thread) => thread.Block(SystemCall.Pause);

    [SystemCall(SystemCall.RtSigsuspend, SupportState.Full)]
    internal static SyscallResult Suspend(GuestThread thread, GuestVirtualAddress set, ulong sizeBytes)
    {
        Errno error = thread.Signals.ReadMask(set, sizeBytes, out ulong mask);
        if (error != Errno.None)
            return error;
        thread.Signals.SetTemporaryMask(mask);
        return thread.Block(SystemCall.Pause);
    }

    [SystemCall(SystemCall.RtSigtimedwait, SupportState.Full)]
    internal static SyscallResult TimedWait(
        GuestThread thread, GuestVirtualAddress set, GuestVirtualAddress infoAddress, GuestVirtualAddress timeout, ulong sizeBytes)
    {
        Errno error = thread.Signals.ReadMask(set, sizeBytes, out ulong bits);
        if (error != Errno.None)
            return error;
        TimeSpec? deadline = null;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out TimeSpec relative))
                return Errno.EFAULT;
            if (!relative.IsValid)
                return Errno.EINVAL;
            deadline = relative.IsZero ? default : HostClock.Now(thread, HostClock.Monotonic).Plus(relative);
        }
        SyscallResult result = Wait(thread, new SignalSet(bits) - SignalSet.Unblockable, deadline, out SignalInfo info);
        if (result.IsError || infoAddress.IsNull)
            return result;
        return thread.Memory.TryWrite(infoAddress, info) ? result : Errno.EFAULT;
    }

    /// <summary>Takes a signal of the set. A deadline of zero only looks; none waits for ever.</summary>
    private static SyscallResult Wait(GuestThread thread, SignalSet set, TimeSpec? deadline, out SignalInfo info)
    {
        ProcessSignals process = thread.Process.Signals;
        if (process.TryTake(thread.Signals, set, out info))
            return info.Number;
        if (deadline is { IsZero: true })
            return Errno.EAGAIN;
        thread.Signals.Await(set);
        // What came before the thread was seen to wait has not interrupted it.
        SyscallResult result = thread.Signals.HasDeliverable ? SyscallResult.Restart : Sleep(thread, deadline);
        thread.Signals.Await(default);
        if (process.TryTake(thread.Signals, set, out info))
            return info.Number;
        return result.IsRestart ? Errno.EINTR : Errno.EAGAIN;
    }

    private static SyscallResult Sleep(GuestThread thread, TimeSpec? deadline)
    {
        if (deadline is not { } until)
            return thread.Block(SystemCall.Pause);
        const int absolute = 1;
        MemoryMarshal.Write(thread.Scratch.Span, until);
        return thread.Block(SystemCall.ClockNanosleep, HostClock.Monotonic, absolute, (long)thread.Scratch.Address.Value);
    }
}
