using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Calls about files that a VM never grants.</summary>
internal static class RefusedCalls
{
    [SystemCall(SystemCall.OpenByHandleAt, SupportState.Refused, Missing = "EPERM: a handle would lead around paths")]
    [SystemCall(SystemCall.FanotifyMark, SupportState.Refused, Missing = "EPERM: would watch the host's files")]
    internal static SyscallResult NeedPrivilege(GuestThread thread) => Errno.EPERM;

    [SystemCall(SystemCall.NameToHandleAt, SupportState.Refused, Missing = "EOPNOTSUPP: as on a file system without handles")]
    internal static SyscallResult NameHandle(GuestThread thread) => Errno.EOPNOTSUPP;
}
