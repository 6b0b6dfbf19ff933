using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>signalfd(2).</summary>
internal static class SignalDescriptorCalls
{
    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;

    [SystemCall(SystemCall.Signalfd, SupportState.Full)]
    internal static SyscallResult Open(GuestThread thread, int descriptor, GuestVirtualAddress mask, ulong sizeBytes) =>
        OpenWithFlags(thread, descriptor, mask, sizeBytes, 0);

    [SystemCall(SystemCall.Signalfd4, SupportState.Full)]
    internal static SyscallResult OpenWithFlags(GuestThread thread, int descriptor, GuestVirtualAddress mask, ulong sizeBytes, int flags)
    {
        Errno error = thread.Signals.ReadMask(mask, sizeBytes, out ulong bits);
        if (error != Errno.None)
            return error;
        if ((flags & ~(NonBlocking | CloseOnExec)) != 0)
            return Errno.EINVAL;
        SignalSet set = new SignalSet(bits) - SignalSet.Unblockable;
        if (descriptor == -1)
            return Create(thread, set, flags);
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is not SignalDescription existing)
            return Errno.EINVAL;
        existing.AddUser(thread.Signals);
        existing.SetMask(set);
        return descriptor;
    }

    private static SyscallResult Create(GuestThread thread, SignalSet set, int flags)
    {
        long host = HostStubs.CallQuick(SystemCall.Eventfd2, 0, flags | CloseOnExec);
        return host < 0 ? host
            : thread.Files.Install(new SignalDescription((int)host, thread.Signals, thread.Process.Signals, set), (flags & CloseOnExec) != 0);
    }
}
