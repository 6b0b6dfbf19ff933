using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>Calls that send signals. Other processes are the host's; its kernel checks the permission.</summary>
internal static class SignalSendCalls
{
    [SystemCall(SystemCall.Kill, SupportState.Partly, Missing = "-1 (everyone) finds nobody, ESRCH; signals of faults to the own group reach only the own process")]
    internal static SyscallResult Kill(GuestThread thread, int processId, int signal)
    {
        if ((uint)signal > SignalNumber.Highest)
            return Errno.EINVAL;
        const int everyone = -1;
        if (processId is everyone or int.MinValue)
            return Errno.ESRCH;
        if (IsOwnProcess(thread, processId))
            return SendToOwn(thread, FromCaller(thread, signal, SignalCode.User), null);
        if (processId <= 0)
            return KillGroup(thread, -processId, signal);
        return IsOfVmm(thread, processId) ? Errno.ESRCH : HostStubs.CallQuick(SystemCall.Kill, processId, signal);
    }

    [SystemCall(SystemCall.Tgkill, SupportState.Full)]
    internal static SyscallResult ThreadGroupKill(GuestThread thread, int processId, int threadId, int signal)
    {
        if (processId <= 0 || threadId <= 0 || (uint)signal > SignalNumber.Highest)
            return Errno.EINVAL;
        if (processId != thread.Process.Id)
            return IsOfVmm(thread, processId) || IsOfVmm(thread, threadId) ? Errno.ESRCH
                : HostStubs.CallQuick(SystemCall.Tgkill, processId, threadId, signal);
        return thread.Process.FindThread(threadId) is { } target
            ? SendToOwn(thread, FromCaller(thread, signal, SignalCode.ThreadKill), target.Signals) : Errno.ESRCH;
    }

    [SystemCall(SystemCall.Tkill, SupportState.Full)]
    internal static SyscallResult ThreadKill(GuestThread thread, int threadId, int signal)
    {
        if (threadId <= 0 || (uint)signal > SignalNumber.Highest)
            return Errno.EINVAL;
        if (thread.Process.FindThread(threadId) is { } target)
            return SendToOwn(thread, FromCaller(thread, signal, SignalCode.ThreadKill), target.Signals);
        return IsOfVmm(thread, threadId) ? Errno.ESRCH : HostStubs.CallQuick(SystemCall.Tkill, threadId, signal);
    }

    [SystemCall(SystemCall.RtSigqueueinfo, SupportState.Full)]
    internal static SyscallResult Queue(GuestThread thread, int processId, int signal, GuestVirtualAddress address)
    {
        if (!thread.Memory.TryRead(address, out SignalInfo info))
            return Errno.EFAULT;
        info.Number = signal;
        bool own = IsOwnProcess(thread, processId);
        if (!own && IsReserved(info.Code))
            return Errno.EPERM;
        if ((uint)signal > SignalNumber.Highest)
            return Errno.EINVAL;
        if (own)
            return SendToOwn(thread, info, null);
        if (processId <= 0 || IsOfVmm(thread, processId))
            return Errno.ESRCH;
        MemoryMarshal.Write(thread.Scratch.Span, info);
        return HostStubs.CallQuick(SystemCall.RtSigqueueinfo, processId, signal, (long)thread.Scratch.Address.Value);
    }

    [SystemCall(SystemCall.RtTgsigqueueinfo, SupportState.Full)]
    internal static SyscallResult ThreadGroupQueue(GuestThread thread, int processId, int threadId, int signal, GuestVirtualAddress address)
    {
        if (!thread.Memory.TryRead(address, out SignalInfo info))
            return Errno.EFAULT;
        if (processId <= 0 || threadId <= 0)
            return Errno.EINVAL;
        info.Number = signal;
        if (threadId != thread.ThreadId && IsReserved(info.Code))
            return Errno.EPERM;
        if ((uint)signal > SignalNumber.Highest)
            return Errno.EINVAL;
        if (processId == thread.Process.Id)
            return thread.Process.FindThread(threadId) is { } target ? SendToOwn(thread, info, target.Signals) : Errno.ESRCH;
        if (IsOfVmm(thread, processId) || IsOfVmm(thread, threadId))
            return Errno.ESRCH;
        MemoryMarshal.Write(thread.Scratch.Span, info);
        return HostStubs.CallQuick(SystemCall.RtTgsigqueueinfo, processId, threadId, signal, (long)thread.Scratch.Address.Value);
    }

    /// <summary>kill of a process group, 0 for the own one: others get it from the host, we from ourselves.</summary>
    private static SyscallResult KillGroup(GuestThread thread, int group, int signal)
    {
        bool own = group == 0 || group == HostStubs.CallQuick(SystemCall.Getpgid, 0);
        if (!own)
            return HostStubs.CallQuick(SystemCall.Kill, -group, signal);
        SignalInfo info = FromCaller(thread, signal, SignalCode.User);
        bool reachesHost = signal == 0 || HostSignals.IsForwarded(signal) || SignalSet.Unblockable.Contains(signal);
        long result = reachesHost ? HostStubs.Call(SystemCall.Kill, 0, signal) : 0;
        // The host has stopped or ended us itself then.
        if (result < 0 || signal == SignalNumber.SIGSTOP)
            return result;
        return SendToOwn(thread, info, null);
    }

    private static SyscallResult SendToOwn(GuestThread thread, in SignalInfo info, ThreadSignals? target)
    {
        if (info.Number == 0)
            return SyscallResult.Success;
        return thread.Process.Signals.TrySend(info, target);
    }

    private static SignalInfo FromCaller(GuestThread thread, int signal, int code) =>
        SignalInfo.FromProcess(signal, code, thread.Process.Id, (int)HostStubs.CallQuick(SystemCall.Getuid));

    /// <summary>A process is named by the id of any of its threads.</summary>
    private static bool IsOwnProcess(GuestThread thread, int processId) =>
        processId > 0 && (processId == thread.Process.Id || thread.Process.FindThread(processId) is not null);

    /// <summary>Whether the id is a thread of the VMM, which the program must not reach.</summary>
    private static bool IsOfVmm(GuestThread thread, int threadId) =>
        HostStubs.CallQuick(SystemCall.Tgkill, thread.Kernel.ProcessId, threadId, 0) == 0;

    /// <summary>Codes that only the kernel or kill and tgkill give.</summary>
    private static bool IsReserved(int code) => code is >= 0 or SignalCode.ThreadKill;
}
