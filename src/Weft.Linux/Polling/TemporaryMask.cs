using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>The signal mask that ppoll and its like put in place for the length of the wait.</summary>
internal static class TemporaryMask
{
    /// <summary>
    /// Reads a mask and puts it in place; a null pointer leaves the mask alone. EINVAL, EFAULT, or declined: a mask is
    /// the thread's own business.
    /// </summary>
    internal static SyscallResult Apply(GuestThread thread, GuestVirtualAddress mask, ulong sizeBytes)
    {
        if (mask.IsNull)
            return SyscallResult.Success;
        if (thread.IsAttended)
            return SyscallResult.Declined;
        if (sizeBytes != sizeof(ulong))
            return Errno.EINVAL;
        if (!thread.Memory.TryRead(mask, out ulong value))
            return Errno.EFAULT;
        thread.Signals.SetTemporaryMask(value);
        return SyscallResult.Success;
    }
}
