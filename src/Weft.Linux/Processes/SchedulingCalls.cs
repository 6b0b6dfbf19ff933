using System.Buffers.Binary;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Priorities and policies: the host thread's own, so the host decides what the caller may do.</summary>
internal static class SchedulingCalls
{
    private const int PriorityBytes = 4, TimespecBytes = 16, WhichProcess = 0, IoWhichProcess = 1;

    // Not by the attendant: it would give away a core that is not the caller's, and poll on one that others want.
    [SystemCall(SystemCall.SchedYield, SupportState.Full)]
    internal static SyscallResult Yield(GuestThread thread) => HostStubs.Call(SystemCall.SchedYield);

    [SystemCall(SystemCall.Getpriority, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetPriority(GuestThread thread, int which, int who) =>
        HostStubs.CallQuick(SystemCall.Getpriority, which, which == WhichProcess ? Own(thread, who) : who);

    [SystemCall(SystemCall.Setpriority, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetPriority(GuestThread thread, int which, int who, int priority) =>
        HostStubs.CallQuick(SystemCall.Setpriority, which, which == WhichProcess ? Own(thread, who) : who, priority);

    [SystemCall(SystemCall.IoprioGet, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetIoPriority(GuestThread thread, int which, int who) =>
        HostStubs.CallQuick(SystemCall.IoprioGet, which, which == IoWhichProcess ? Own(thread, who) : who);

    [SystemCall(SystemCall.IoprioSet, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetIoPriority(GuestThread thread, int which, int who, int priority) =>
        HostStubs.CallQuick(SystemCall.IoprioSet, which, which == IoWhichProcess ? Own(thread, who) : who, priority);

    [SystemCall(SystemCall.SchedGetPriorityMax, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetHighestPriority(GuestThread thread, int policy) =>
        HostStubs.CallQuick(SystemCall.SchedGetPriorityMax, policy);

    [SystemCall(SystemCall.SchedGetPriorityMin, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetLowestPriority(GuestThread thread, int policy) =>
        HostStubs.CallQuick(SystemCall.SchedGetPriorityMin, policy);

    [SystemCall(SystemCall.SchedGetscheduler, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetScheduler(GuestThread thread, int threadId) =>
        HostStubs.CallQuick(SystemCall.SchedGetscheduler, Own(thread, threadId));

    [SystemCall(SystemCall.SchedSetscheduler, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetScheduler(GuestThread thread, int threadId, int policy, GuestVirtualAddress parameter)
    {
        if (parameter.IsNull || threadId < 0)
            return Errno.EINVAL;
        return thread.Memory.TryRead(parameter, thread.Scratch.Span[..PriorityBytes])
            ? HostStubs.CallQuick(SystemCall.SchedSetscheduler, Own(thread, threadId), policy, (long)thread.Scratch.Address.Value)
            : Errno.EFAULT;
    }

    [SystemCall(SystemCall.SchedGetparam, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetParameter(GuestThread thread, int threadId, GuestVirtualAddress parameter)
    {
        if (parameter.IsNull || threadId < 0)
            return Errno.EINVAL;
        return Give(thread, parameter, PriorityBytes,
            HostStubs.CallQuick(SystemCall.SchedGetparam, Own(thread, threadId), (long)thread.Scratch.Address.Value));
    }

    [SystemCall(SystemCall.SchedSetparam, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetParameter(GuestThread thread, int threadId, GuestVirtualAddress parameter)
    {
        if (parameter.IsNull || threadId < 0)
            return Errno.EINVAL;
        return thread.Memory.TryRead(parameter, thread.Scratch.Span[..PriorityBytes])
            ? HostStubs.CallQuick(SystemCall.SchedSetparam, Own(thread, threadId), (long)thread.Scratch.Address.Value)
            : Errno.EFAULT;
    }

    [SystemCall(SystemCall.SchedRrGetInterval, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetRoundRobinInterval(GuestThread thread, int threadId, GuestVirtualAddress interval)
    {
        if (threadId < 0)
            return Errno.EINVAL;
        return Give(thread, interval, TimespecBytes,
            HostStubs.CallQuick(SystemCall.SchedRrGetInterval, Own(thread, threadId), (long)thread.Scratch.Address.Value));
    }

    [SystemCall(SystemCall.SchedGetattr, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetAttributes(GuestThread thread, int threadId, GuestVirtualAddress attributes, uint sizeBytes, uint flags)
    {
        const int least = 48, most = 4096;
        if (attributes.IsNull || threadId < 0 || sizeBytes is < least or > most)
            return Errno.EINVAL;
        long result = HostStubs.CallQuick(SystemCall.SchedGetattr, Own(thread, threadId), (long)thread.Scratch.Address.Value, sizeBytes, flags);
        int given = BinaryPrimitives.ReadInt32LittleEndian(thread.Scratch.Span);
        return Give(thread, attributes, result < 0 ? 0 : Math.Clamp(given, 0, (int)sizeBytes), result);
    }

    [SystemCall(SystemCall.SchedSetattr, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetAttributes(GuestThread thread, int threadId, GuestVirtualAddress attributes, uint flags)
    {
        const uint least = 48, most = 4096;
        if (attributes.IsNull || threadId < 0)
            return Errno.EINVAL;
        if (!thread.Memory.TryRead(attributes, out uint size))
            return Errno.EFAULT;
        if (size == 0)
            size = least;
        if (size is < least or > most)
            return Errno.E2BIG;
        return thread.Memory.TryRead(attributes, thread.Scratch.Span[..(int)size])
            ? HostStubs.CallQuick(SystemCall.SchedSetattr, Own(thread, threadId), (long)thread.Scratch.Address.Value, flags)
            : Errno.EFAULT;
    }

    /// <summary>0 is the caller, whichever host thread runs the handler.</summary>
    private static int Own(GuestThread thread, int threadId) => threadId == 0 ? thread.ThreadId : threadId;

    private static SyscallResult Give(GuestThread thread, GuestVirtualAddress destination, int bytes, long result)
    {
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(destination, thread.Scratch.Span[..bytes]) ? result : Errno.EFAULT;
    }
}
