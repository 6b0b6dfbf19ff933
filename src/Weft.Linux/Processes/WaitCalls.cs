using System.Buffers.Binary;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>wait4(2) and waitid(2): a program's children are children of its VMM, so the host waits.</summary>
internal static class WaitCalls
{
    private const int UsageAt = 256, UsageBytes = 144, InfoBytes = 28, InfoGapAt = 12, InfoGapEnd = 16;

    [SystemCall(SystemCall.Wait4, SupportState.Full)]
    internal static SyscallResult WaitForChild(GuestThread thread, int processId, GuestVirtualAddress status, int options, GuestVirtualAddress usage)
    {
        NativeBuffer scratch = thread.Scratch;
        long at = (long)scratch.Address.Value;
        SyscallResult result = thread.Block(SystemCall.Wait4, processId, at, options, usage.IsNull ? 0 : at + UsageAt);
        if (result.IsError || result.IsRestart || result.Value <= 0)
            return result;
        SettleSignals(thread);
        if (!usage.IsNull && !thread.Memory.TryWrite(usage, scratch.Span.Slice(UsageAt, UsageBytes)))
            return Errno.EFAULT;
        return status.IsNull || thread.Memory.TryWrite(status, scratch.Span[..sizeof(int)]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Waitid, SupportState.Full)]
    internal static SyscallResult WaitForId(GuestThread thread, int kind, int id, GuestVirtualAddress info, int options, GuestVirtualAddress usage)
    {
        const int ofDescriptor = 3;
        if (kind != ofDescriptor)
            return Wait(thread, kind, id, info, options, usage);
        using FileLease file = thread.Files.Rent(id);
        return file.IsOpen ? Wait(thread, kind, file.Host, info, options, usage) : id < 0 ? Errno.EINVAL : Errno.EBADF;
    }

    private static SyscallResult Wait(GuestThread thread, int kind, int id, GuestVirtualAddress info, int options, GuestVirtualAddress usage)
    {
        NativeBuffer scratch = thread.Scratch;
        long at = (long)scratch.Address.Value;
        scratch.Span[..InfoBytes].Clear();
        SyscallResult result = thread.Block(SystemCall.Waitid, kind, id, at, options, usage.IsNull ? 0 : at + UsageAt);
        if (result.IsError || result.IsRestart)
            return result;
        // The host leaves the usage alone when no child was there.
        bool isFound = BinaryPrimitives.ReadInt32LittleEndian(scratch.Span) != 0;
        if (isFound)
            SettleSignals(thread);
        if (isFound && !usage.IsNull && !thread.Memory.TryWrite(usage, scratch.Span.Slice(UsageAt, UsageBytes)))
            return Errno.EFAULT;
        if (info.IsNull)
            return result;
        return thread.Memory.TryWrite(info, scratch.Span[..InfoGapAt]) && thread.Memory.TryWrite(info + InfoGapEnd, scratch.Span[InfoGapEnd..InfoBytes])
            ? result : Errno.EFAULT;
    }

    /// <summary>The child's SIGCHLD came before its status, so it is in the program's queue before the program has that.</summary>
    private static void SettleSignals(GuestThread thread) => thread.Process.Signals.Host?.Settle();
}
