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
    [SystemCall(SystemCall.Unshare, SupportState.Refused, Ways = CallWays.Attendant, Missing = NotPermitted)]
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

    /// <summary>EINVAL, as from a kernel without filters: a program then runs unfiltered, and knows it.</summary>
    [SystemCall(SystemCall.Seccomp, SupportState.Refused, Ways = CallWays.Attendant, Missing = "EINVAL: filters are not supported")]
    internal static SyscallResult Seccomp(GuestThread thread) => Errno.EINVAL;

    /// <summary>There are no child processes.</summary>
    [SystemCall(SystemCall.Wait4, SupportState.Refused, Ways = CallWays.Attendant, Missing = "ECHILD: there are no child processes yet")]
    [SystemCall(SystemCall.Waitid, SupportState.Refused, Ways = CallWays.Attendant, Missing = "ECHILD: there are no child processes yet")]
    internal static SyscallResult NoChildren(GuestThread thread) => Errno.ECHILD;
}
