using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>getrlimit(2) and its like.</summary>
internal static class LimitCalls
{
    [SystemCall(SystemCall.Getrlimit, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Get(GuestThread thread, uint resource, GuestVirtualAddress limit)
    {
        if (resource >= ResourceLimits.Count)
            return Errno.EINVAL;
        return thread.Memory.TryWrite(limit, thread.Process.Limits[(Resource)resource]) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Setrlimit, SupportState.Partly, Ways = CallWays.Attendant, Missing = Stored)]
    internal static SyscallResult Set(GuestThread thread, uint resource, GuestVirtualAddress limit)
    {
        if (!thread.Memory.TryRead(limit, out ResourceLimit value))
            return Errno.EFAULT;
        return resource >= ResourceLimits.Count ? Errno.EINVAL : Apply(thread, (Resource)resource, value);
    }

    [SystemCall(SystemCall.Prlimit64, SupportState.Partly, Ways = CallWays.Attendant, Missing = Stored + "; another process's limits can only be read")]
    internal static SyscallResult GetAndSet(GuestThread thread, int processId, uint resource, GuestVirtualAddress newLimit, GuestVirtualAddress oldLimit)
    {
        if (resource >= ResourceLimits.Count)
            return Errno.EINVAL;
        ResourceLimit value = default;
        if (!newLimit.IsNull && !thread.Memory.TryRead(newLimit, out value))
            return Errno.EFAULT;
        if (processId != 0 && processId != thread.Process.Id && thread.Process.FindThread(processId) is null)
            return ReadOther(thread, processId, resource, newLimit, oldLimit);
        ResourceLimit old = thread.Process.Limits[(Resource)resource];
        if (!newLimit.IsNull)
        {
            SyscallResult result = Apply(thread, (Resource)resource, value);
            if (result.IsError)
                return result;
        }
        return oldLimit.IsNull || thread.Memory.TryWrite(oldLimit, old) ? SyscallResult.Success : Errno.EFAULT;
    }

    private const string Stored = "only the limits of descriptors and address space are enforced; others are kept and returned";

    private static SyscallResult Apply(GuestThread thread, Resource resource, ResourceLimit value)
    {
        const int capabilitySysResource = 24;
        Errno error = thread.Process.Limits.Set(resource, value, CapabilityCalls.HasEffective(thread, capabilitySysResource));
        if (error == Errno.None && resource == Resource.Descriptors)
            thread.Files.Limit = thread.Process.Limits.DescriptorLimit;
        if (error == Errno.None && resource == Resource.AddressSpace)
            thread.Memory.MostMappedBytes = value.Soft;
        return error;
    }

    private static SyscallResult ReadOther(GuestThread thread, int processId, uint resource, GuestVirtualAddress newLimit, GuestVirtualAddress oldLimit)
    {
        long result = HostStubs.CallQuick(SystemCall.Prlimit64, processId, resource, 0, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        if (!newLimit.IsNull)
            return Errno.EPERM;
        return oldLimit.IsNull || thread.Memory.TryWrite(oldLimit, MemoryMarshal.Read<ResourceLimit>(thread.Scratch.Span))
            ? SyscallResult.Success : Errno.EFAULT;
    }
}
