using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>Actions, masks, the alternate stack, and the return from handlers.</summary>
internal static class SignalCalls
{
    [SystemCall(SystemCall.RtSigaction, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Action(
        GuestThread thread, int signal, GuestVirtualAddress action, GuestVirtualAddress old, ulong sizeBytes)
    {
        if (sizeBytes != SignalSet.Bytes)
            return Errno.EINVAL;
        SignalAction wanted = default;
        if (!action.IsNull && !thread.Memory.TryRead(action, out wanted))
            return Errno.EFAULT;
        if (signal is < 1 or > SignalNumber.Highest || (!action.IsNull && SignalSet.Unblockable.Contains(signal)))
            return Errno.EINVAL;
        SignalAction before;
        if (action.IsNull)
            before = thread.Process.Signals.GetAction(signal);
        else
        {
            wanted.Flags &= SignalAction.KnownFlags;
            wanted.Mask &= ~SignalSet.Unblockable.Bits;
            before = thread.Process.Signals.SetAction(signal, wanted);
        }
        return old.IsNull || thread.Memory.TryWrite(old, before) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.RtSigprocmask, SupportState.Full)]
    internal static SyscallResult ProcessMask(
        GuestThread thread, int how, GuestVirtualAddress set, GuestVirtualAddress old, ulong sizeBytes)
    {
        const int block = 0, unblock = 1, replace = 2;
        if (sizeBytes != SignalSet.Bytes)
            return Errno.EINVAL;
        ThreadSignals signals = thread.Signals;
        SignalSet before = signals.Mask;
        if (!set.IsNull)
        {
            if (!thread.Memory.TryRead(set, out ulong bits))
                return Errno.EFAULT;
            SignalSet given = new(bits);
            switch (how)
            {
                case block:
                    signals.SetMask(before | given);
                    break;
                case unblock:
                    signals.SetMask(before - given);
                    break;
                case replace:
                    signals.SetMask(given);
                    break;
                default:
                    return Errno.EINVAL;
            }
        }
        return old.IsNull || thread.Memory.TryWrite(old, before.Bits) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.RtSigpending, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult ListPending(GuestThread thread, GuestVirtualAddress set, ulong sizeBytes)
    {
        if (sizeBytes > SignalSet.Bytes)
            return Errno.EINVAL;
        ulong bits = (thread.Process.Signals.PendingFor(thread.Signals) & thread.Signals.Mask).Bits;
        ReadOnlySpan<byte> bytes = BitConverter.GetBytes(bits);
        return thread.Memory.TryWrite(set, bytes[..(int)sizeBytes]) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Sigaltstack, SupportState.Full)]
    internal static SyscallResult SetAlternateStack(GuestThread thread, GuestVirtualAddress stack, GuestVirtualAddress old)
    {
        AlternateStack wanted = default;
        if (!stack.IsNull && !thread.Memory.TryRead(stack, out wanted))
            return Errno.EFAULT;
        ulong stackPointer = thread.Registers.Rsp;
        AlternateStack before = thread.Signals.AlternateStack.Report(stackPointer);
        if (!stack.IsNull)
        {
            Errno error = thread.Signals.AlternateStack.TrySet(wanted, stackPointer);
            if (error != Errno.None)
                return error;
        }
        return old.IsNull || thread.Memory.TryWrite(old, before) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.RtSigreturn, SupportState.Full)]
    internal static SyscallResult ReturnFromHandler(GuestThread thread)
    {
        thread.Signals.ReturnFromHandler();
        return SyscallResult.RegistersSet;
    }

    [SystemCall(SystemCall.RestartSyscall, SupportState.Full)]
    internal static SyscallResult Continue(GuestThread thread) => thread.Signals.Continue();
}
