using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>select(2) and pselect6(2), as polls: the program's descriptor numbers are not the host's.</summary>
internal static class SelectCalls
{
    [SystemCall(SystemCall.Select, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Select(GuestThread thread, int count, GuestVirtualAddress read, GuestVirtualAddress write,
        GuestVirtualAddress except, GuestVirtualAddress timeout)
    {
        Timespec? limit = null;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out Timespec timeval))
                return Errno.EFAULT;
            limit = Timespec.FromTimeval(timeval.Seconds, timeval.Nanoseconds);
            if (limit is null)
                return Errno.EINVAL;
        }
        SyscallResult result = SelectSets.Run(thread, count, read, write, except, ref limit);
        if (limit is { } left && result != SyscallResult.Declined)
            thread.Memory.TryWrite(timeout, new Timespec(left.Seconds, left.Nanoseconds / 1000));
        return result;
    }

    [SystemCall(SystemCall.Pselect6, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SelectWithMask(GuestThread thread, int count, GuestVirtualAddress read, GuestVirtualAddress write,
        GuestVirtualAddress except, GuestVirtualAddress timeout, GuestVirtualAddress maskAndSize)
    {
        MaskPointer pointer = default;
        if (!maskAndSize.IsNull && !thread.Memory.TryRead(maskAndSize, out pointer))
            return Errno.EFAULT;
        Timespec? limit = null;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out Timespec asked))
                return Errno.EFAULT;
            if (!asked.IsValid)
                return Errno.EINVAL;
            limit = asked;
        }
        SyscallResult applied = TemporaryMask.Apply(thread, new(pointer.Mask), pointer.SizeBytes);
        if (applied != SyscallResult.Success)
            return applied;
        SyscallResult result = SelectSets.Run(thread, count, read, write, except, ref limit);
        if (limit is { } left && result != SyscallResult.Declined)
            thread.Memory.TryWrite(timeout, left);
        return result;
    }

    /// <summary>The sixth argument. Source: select(2), "C library/kernel differences".</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MaskPointer
    {
        internal ulong Mask;
        internal ulong SizeBytes;
    }
}
