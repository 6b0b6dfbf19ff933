using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>eventfd(2).</summary>
internal static class EventCalls
{
    private const int Semaphore = 1, NonBlocking = 0x800, CloseOnExec = 0x80000;

    [SystemCall(SystemCall.Eventfd, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Create(GuestThread thread, uint count) => CreateWithFlags(thread, count, 0);

    [SystemCall(SystemCall.Eventfd2, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult CreateWithFlags(GuestThread thread, uint count, int flags) =>
        (flags & ~(Semaphore | NonBlocking | CloseOnExec)) != 0
            ? Errno.EINVAL
            : thread.Files.InstallHost(HostStubs.CallQuick(SystemCall.Eventfd2, count, flags | CloseOnExec), (flags & CloseOnExec) != 0);
}
