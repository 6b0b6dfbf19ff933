using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Calls about files that a VM never grants.</summary>
internal static class RefusedCalls
{
    private const string Mounts = "EPERM: what is mounted is chosen when the VM starts (--root, --bind)";

    [SystemCall(SystemCall.Mount, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.Umount2, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.PivotRoot, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.OpenTree, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.MoveMount, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.Fsopen, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.Fsconfig, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.Fsmount, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.Fspick, SupportState.Refused, Missing = Mounts)]
    [SystemCall(SystemCall.MountSetattr, SupportState.Refused, Missing = Mounts)]
    internal static SyscallResult ChangeMounts(GuestThread thread) => Errno.EPERM;

    [SystemCall(SystemCall.Swapon, SupportState.Refused, Missing = "EPERM: the host's")]
    [SystemCall(SystemCall.Swapoff, SupportState.Refused, Missing = "EPERM: the host's")]
    [SystemCall(SystemCall.Quotactl, SupportState.Refused, Missing = "EPERM: the host's")]
    [SystemCall(SystemCall.QuotactlFd, SupportState.Refused, Missing = "EPERM: the host's")]
    [SystemCall(SystemCall.Acct, SupportState.Refused, Missing = "EPERM: the host's")]
    [SystemCall(SystemCall.OpenByHandleAt, SupportState.Refused, Missing = "EPERM: a handle would lead around paths")]
    [SystemCall(SystemCall.FanotifyInit, SupportState.Refused, Missing = "EPERM: would watch the host's files")]
    [SystemCall(SystemCall.FanotifyMark, SupportState.Refused, Missing = "EPERM: would watch the host's files")]
    internal static SyscallResult NeedPrivilege(GuestThread thread) => Errno.EPERM;

    [SystemCall(SystemCall.NameToHandleAt, SupportState.Refused, Missing = "EOPNOTSUPP: as on a file system without handles")]
    internal static SyscallResult NameHandle(GuestThread thread) => Errno.EOPNOTSUPP;

    [SystemCall(SystemCall.IoUringSetup, SupportState.Refused, Missing = "ENOSYS: programs fall back to epoll and threads")]
    [SystemCall(SystemCall.IoUringEnter, SupportState.Refused, Missing = "ENOSYS: there is no ring")]
    [SystemCall(SystemCall.IoUringRegister, SupportState.Refused, Missing = "ENOSYS: there is no ring")]
    [SystemCall(SystemCall.IoSetup, SupportState.Refused, Missing = "ENOSYS: programs fall back to threads")]
    internal static SyscallResult HaveNoRing(GuestThread thread) => Errno.ENOSYS;
}
