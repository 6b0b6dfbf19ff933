using System.Buffers.Binary;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>capget(2) and capset(2): capabilities are the VMM's and stay as they are.</summary>
internal static class CapabilityCalls
{
    private const uint Version1 = 0x19980330, Version2 = 0x20071026, Version3 = 0x20080522;
    private const int HeaderBytes = 8, SetBytes = 12, ProcessIdOffset = 4, DataOffset = 64;

    [SystemCall(SystemCall.Capget, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Get(GuestThread thread, GuestVirtualAddress header, GuestVirtualAddress data)
    {
        Span<byte> scratch = thread.Scratch.Span;
        if (!thread.Memory.TryRead(header, scratch[..HeaderBytes]))
            return Errno.EFAULT;
        int bytes = DataBytes(scratch);
        if (bytes == 0)
            return RefuseVersion(thread, header, data);
        long result = ReadHost(thread);
        if (result < 0 || data.IsNull)
            return result;
        return thread.Memory.TryWrite(data, scratch.Slice(DataOffset, bytes)) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Capset, SupportState.Partly, Ways = CallWays.Attendant, Missing = "only a change that changes nothing is allowed, else EPERM")]
    internal static SyscallResult Set(GuestThread thread, GuestVirtualAddress header, GuestVirtualAddress data)
    {
        Span<byte> scratch = thread.Scratch.Span;
        if (!thread.Memory.TryRead(header, scratch[..HeaderBytes]))
            return Errno.EFAULT;
        int bytes = DataBytes(scratch);
        if (bytes == 0)
            return RefuseVersion(thread, header, GuestVirtualAddress.Null + 1);
        int processId = BinaryPrimitives.ReadInt32LittleEndian(scratch[ProcessIdOffset..]);
        if (processId < 0)
            return Errno.EINVAL;
        if (processId != 0 && processId != thread.ThreadId)
            return Errno.EPERM;
        Span<byte> wanted = stackalloc byte[2 * SetBytes];
        if (!thread.Memory.TryRead(data, wanted[..bytes]))
            return Errno.EFAULT;
        long result = ReadHost(thread);
        if (result < 0)
            return result;
        return scratch.Slice(DataOffset, bytes).SequenceEqual(wanted[..bytes]) ? SyscallResult.Success : Errno.EPERM;
    }

    /// <summary>Whether the caller's host thread has a capability. Uses the scratch memory.</summary>
    internal static bool HasEffective(GuestThread thread, int capability)
    {
        Span<byte> scratch = thread.Scratch.Span;
        BinaryPrimitives.WriteUInt32LittleEndian(scratch, Version3);
        BinaryPrimitives.WriteInt32LittleEndian(scratch[ProcessIdOffset..], 0);
        if (ReadHost(thread) < 0)
            return false;
        uint effective = BinaryPrimitives.ReadUInt32LittleEndian(scratch[(DataOffset + capability / 32 * SetBytes)..]);
        return (effective >> capability % 32 & 1) != 0;
    }

    private static long ReadHost(GuestThread thread)
    {
        Span<byte> processId = thread.Scratch.Span.Slice(ProcessIdOffset, sizeof(int));
        if (BinaryPrimitives.ReadInt32LittleEndian(processId) == 0)
            BinaryPrimitives.WriteInt32LittleEndian(processId, thread.ThreadId);
        long address = (long)thread.Scratch.Address.Value;
        return HostStubs.CallQuick(SystemCall.Capget, address, address + DataOffset);
    }

    private static int DataBytes(ReadOnlySpan<byte> header) => BinaryPrimitives.ReadUInt32LittleEndian(header) switch
    {
        Version1 => SetBytes,
        Version2 or Version3 => 2 * SetBytes,
        _ => 0,
    };

    /// <summary>Tells the program which version it should use. A probe without data succeeds.</summary>
    private static SyscallResult RefuseVersion(GuestThread thread, GuestVirtualAddress header, GuestVirtualAddress data)
    {
        if (!thread.Memory.TryWrite(header, Version3))
            return Errno.EFAULT;
        return data.IsNull ? SyscallResult.Success : Errno.EINVAL;
    }
}
