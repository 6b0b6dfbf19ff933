using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Threads;

/// <summary>Calls about the calling thread itself.</summary>
internal static class ThreadCalls
{
    [SystemCall(SystemCall.ArchPrctl, SupportState.Partly, Missing = "only FS and GS; shadow stacks and CPUID faulting are refused (EINVAL)")]
    internal static SyscallResult ArchPrctl(GuestThread thread, int code, ulong address)
    {
        const int setGs = 0x1001, setFs = 0x1002, getFs = 0x1003, getGs = 0x1004;
        switch (code)
        {
            case setFs or setGs when address >= 1UL << 47:
                return Errno.EPERM;
            case setFs:
                thread.Vcpu.FsBase = address;
                return SyscallResult.Success;
            case setGs:
                thread.Vcpu.GsBase = address;
                return SyscallResult.Success;
            case getFs or getGs:
                ulong value = code == getFs ? thread.Vcpu.FsBase : thread.Vcpu.GsBase;
                return thread.Memory.TryWrite(new(address), value) ? SyscallResult.Success : Errno.EFAULT;
            default:
                return Errno.EINVAL;
        }
    }

    [SystemCall(SystemCall.SetTidAddress, SupportState.Full)]
    internal static SyscallResult SetTidAddress(GuestThread thread, GuestVirtualAddress address)
    {
        thread.ClearChildTid = address;
        return thread.ThreadId;
    }

    [SystemCall(SystemCall.Gettid, SupportState.Full, Ways = CallWays.Attendant | CallWays.Stub)]
    internal static SyscallResult GetThreadId(GuestThread thread) => thread.ThreadId;

    [SystemCall(SystemCall.Getpid, SupportState.Full, Ways = CallWays.Attendant | CallWays.Stub)]
    internal static SyscallResult GetProcessId(GuestThread thread) => thread.Process.Id;

    [SystemCall(SystemCall.Rseq, SupportState.Refused, Missing = "ENOSYS: the processor's number could not be kept true")]
    internal static SyscallResult RestartableSequence(GuestThread thread) => Errno.ENOSYS;
}
