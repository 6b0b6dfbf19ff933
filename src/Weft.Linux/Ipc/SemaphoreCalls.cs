using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Linux.Polling;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Ipc;

/// <summary>System V semaphores: the host's. SEM_UNDO is undone when the VM ends.</summary>
internal static class SemaphoreCalls
{
    private const int OperationBytes = 6, OperationsOffset = 64, MostOperations = 8192;
    private const int SetBytes = 104, CountOffset = 80, InfoBytes = 40, MostSemaphores = 65536;

    [SystemCall(SystemCall.Semget, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Get(GuestThread thread, int key, int count, int flags) =>
        HostStubs.Call(SystemCall.Semget, key, count, flags);

    [SystemCall(SystemCall.Semop, SupportState.Full)]
    internal static SyscallResult Operate(GuestThread thread, int id, GuestVirtualAddress operations, ulong count) =>
        Operate(thread, id, operations, count, null);

    [SystemCall(SystemCall.Semtimedop, SupportState.Full)]
    internal static SyscallResult OperateInTime(GuestThread thread, int id, GuestVirtualAddress operations, ulong count, GuestVirtualAddress timeout)
    {
        if (timeout.IsNull)
            return Operate(thread, id, operations, count, null);
        if (!thread.Memory.TryRead(timeout, out Timespec limit))
            return Errno.EFAULT;
        return Operate(thread, id, operations, count, limit);
    }

    [SystemCall(SystemCall.Semctl, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Control(GuestThread thread, int id, int number, int command, ulong argument)
    {
        const int set = 1, status = 2, limits = 3, getAll = 13, setAll = 17, statusByIndex = 18, usage = 19, statusAny = 20, setValue = 16;
        Span<byte> scratch = thread.Scratch.Span;
        long address = (long)thread.Scratch.Address.Value;
        GuestVirtualAddress buffer = new(argument);
        switch (command)
        {
            case set:
                return thread.Memory.TryRead(buffer, scratch[..SetBytes])
                    ? HostStubs.Call(SystemCall.Semctl, id, number, command, address) : Errno.EFAULT;
            case status or statusByIndex or statusAny or limits or usage:
                long result = HostStubs.Call(SystemCall.Semctl, id, number, command, address);
                int bytes = command is limits or usage ? InfoBytes : SetBytes;
                return result < 0 || thread.Memory.TryWrite(buffer, scratch[..bytes]) ? result : Errno.EFAULT;
            case getAll or setAll:
                return TransferAll(thread, id, command, command == setAll, buffer);
            case setValue:
                return HostStubs.Call(SystemCall.Semctl, id, number, command, (int)argument);
            default:
                // What is left takes no pointer; an argument that could be one is not passed on.
                return HostStubs.Call(SystemCall.Semctl, id, number, command);
        }
    }

    private static SyscallResult Operate(GuestThread thread, int id, GuestVirtualAddress operations, ulong count, Timespec? timeout)
    {
        if (count == 0 || id < 0)
            return Errno.EINVAL;
        if (count > MostOperations)
            return Errno.E2BIG;
        Span<byte> scratch = thread.Scratch.Span;
        if (!thread.Memory.TryRead(operations, scratch.Slice(OperationsOffset, (int)count * OperationBytes)))
            return Errno.EFAULT;
        long address = (long)thread.Scratch.Address.Value;
        if (timeout is not { } limit)
            return thread.Block(SystemCall.Semop, id, address + OperationsOffset, (long)count);
        if (!limit.IsValid)
            return Errno.EINVAL;
        long deadline = limit.Deadline();
        SyscallResult result;
        do
            MemoryMarshal.Write(scratch, Timespec.Until(deadline));
        while (!thread.TryBlock(out result, SystemCall.Semtimedop, id, address + OperationsOffset, (long)count, address));
        return result;
    }

    /// <summary>GETALL and SETALL. The buffer holds the largest set there can be, should the id come to mean another one meanwhile.</summary>
    private static SyscallResult TransferAll(GuestThread thread, int id, int command, bool isSet, GuestVirtualAddress values)
    {
        const int status = 2;
        long result = HostStubs.Call(SystemCall.Semctl, id, 0, status, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        ulong count = Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(thread.Scratch.Span[CountOffset..]), MostSemaphores);
        using NativeBuffer buffer = new(MostSemaphores * sizeof(ushort));
        Span<byte> all = buffer.Span[..((int)count * sizeof(ushort))];
        if (isSet && !thread.Memory.TryRead(values, all))
            return Errno.EFAULT;
        result = HostStubs.Call(SystemCall.Semctl, id, 0, command, (long)buffer.Address.Value);
        return result < 0 || isSet || thread.Memory.TryWrite(values, all) ? result : Errno.EFAULT;
    }
}
