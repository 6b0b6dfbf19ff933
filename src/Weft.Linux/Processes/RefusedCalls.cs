using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Calls that no program in a VM may make: each answers what a process without privileges in a container gets.</summary>
internal static class RefusedCalls
{
    private const string NotPermitted = "EPERM, as without privileges", NotBuilt = "ENOSYS, as on a kernel built without it";

    [SystemCall(SystemCall.Ptrace, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.PerfEventOpen, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Bpf, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Userfaultfd, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Setns, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Reboot, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.KexecLoad, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.KexecFileLoad, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.InitModule, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.FinitModule, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.DeleteModule, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Iopl, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Ioperm, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    [SystemCall(SystemCall.Vhangup, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
    internal static SyscallResult NoPermission(GuestThread thread) => Errno.EPERM;

    [SystemCall(SystemCall.Kcmp, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.Keyctl, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.AddKey, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.RequestKey, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.LandlockCreateRuleset, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.LandlockAddRule, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.LandlockRestrictSelf, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.IoDestroy, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.IoSubmit, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.IoCancel, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.IoGetevents, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.IoPgetevents, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.PidfdOpen, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.PidfdSendSignal, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.PidfdGetfd, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.ProcessMrelease, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.MemfdSecret, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.MapShadowStack, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.ModifyLdt, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.Uselib, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    [SystemCall(SystemCall.Sysctl, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    internal static SyscallResult NotImplemented(GuestThread thread) => Errno.ENOSYS;

    /// <summary>As a kernel built without filters: a program then runs unfiltered, and knows it.</summary>
    [SystemCall(SystemCall.Seccomp, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotBuilt)]
    internal static SyscallResult Seccomp(GuestThread thread, uint operation)
    {
        const uint lastOperation = 3;
        return operation <= lastOperation ? Errno.ENOSYS : Errno.EINVAL;
    }

    /// <summary>What a process of one thread has to itself already may be unshared; namespaces may not.</summary>
    [SystemCall(SystemCall.Unshare, SupportState.Partly, Ways = CallWays.Attendant, Missing = "namespaces are refused (EPERM); what threads share stays shared (EINVAL)")]
    internal static SyscallResult Unshare(GuestThread thread, ulong flags)
    {
        const ulong fileSystem = 0x200, files = 0x400, semaphoreUndo = 0x40000, whole = 0x10000 | 0x800 | 0x100;
        const ulong namespaces = 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x80;
        if ((flags & ~(fileSystem | files | semaphoreUndo | whole | namespaces)) != 0)
            return Errno.EINVAL;
        if ((flags & namespaces) != 0)
            return Errno.EPERM;
        return flags == 0 || thread.Process.ThreadCount == 1 ? SyscallResult.Success : Errno.EINVAL;
    }
}
