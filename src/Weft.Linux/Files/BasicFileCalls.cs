using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>read and write.</summary>
internal static class BasicFileCalls
{
    [SystemCall(SystemCall.Write, SupportState.Full)]
    internal static SyscallResult Write(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (!thread.Memory.TryGetHostRange(buffer, count, PageAccess.Read, out HostAddress host, out ulong contiguous))
            return Errno.EFAULT;
        return thread.Block(SystemCall.Write, file.Host, (long)host.Value, (long)contiguous);
    }
}
