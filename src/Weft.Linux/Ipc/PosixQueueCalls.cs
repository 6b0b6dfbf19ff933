using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Ipc;

/// <summary>POSIX message queues: the host's. A queue is a descriptor, so poll and epoll know it.</summary>
internal static class PosixQueueCalls
{
    private const int AttributeBytes = 64, TimeOffset = 64, PriorityOffset = 80, NameOffset = 128, MostNameBytes = 255;
    private const int CloseOnExec = 0x80000, MessageOffset = 32 << 10, ScratchBytes = 32 << 10;

    // Far above what any host's msgsize_max allows (8 KiB by default, 16 MiB at most).
    private const ulong MostBytes = 16 << 20;

    [SystemCall(SystemCall.MqOpen, SupportState.Full)]
    internal static SyscallResult Open(GuestThread thread, GuestVirtualAddress name, int flags, uint mode, GuestVirtualAddress attributes)
    {
        const int create = 0x40;
        Errno error = PutName(thread, name);
        if (error != Errno.None)
            return error;
        bool hasAttributes = (flags & create) != 0 && !attributes.IsNull;
        if (hasAttributes && !thread.Memory.TryRead(attributes, thread.Scratch.Span[..AttributeBytes]))
            return Errno.EFAULT;
        long address = (long)thread.Scratch.Address.Value;
        return thread.Files.InstallHost(
            HostStubs.Call(SystemCall.MqOpen, address + NameOffset, flags | CloseOnExec, mode, hasAttributes ? address : 0),
            (flags & CloseOnExec) != 0);
    }

    [SystemCall(SystemCall.MqUnlink, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Unlink(GuestThread thread, GuestVirtualAddress name)
    {
        Errno error = PutName(thread, name);
        return error != Errno.None ? error : HostStubs.Call(SystemCall.MqUnlink, (long)thread.Scratch.Address.Value + NameOffset);
    }

    [SystemCall(SystemCall.MqTimedsend, SupportState.Full)]
    internal static SyscallResult Send(GuestThread thread, int descriptor, GuestVirtualAddress message, ulong lengthBytes, uint priority, GuestVirtualAddress deadline)
    {
        using FileLease queue = thread.Files.Rent(descriptor);
        if (!queue.IsOpen)
            return Errno.EBADF;
        if (lengthBytes > MostBytes)
            return Errno.EMSGSIZE;
        if (!TryPutDeadline(thread, deadline, out long deadlineAddress))
            return Errno.EFAULT;
        using NativeBuffer? own = lengthBytes > ScratchBytes ? new NativeBuffer((int)lengthBytes) : null;
        (NativeBuffer memory, int offset) = own is null ? (thread.Scratch, MessageOffset) : (own, 0);
        return thread.Memory.TryRead(message, memory.Span.Slice(offset, (int)lengthBytes))
            ? thread.Block(SystemCall.MqTimedsend, queue.Host, (long)memory.Address.Value + offset, (long)lengthBytes, priority, deadlineAddress)
            : Errno.EFAULT;
    }

    [SystemCall(SystemCall.MqTimedreceive, SupportState.Full)]
    internal static SyscallResult Receive(GuestThread thread, int descriptor, GuestVirtualAddress message, ulong lengthBytes,
        GuestVirtualAddress priority, GuestVirtualAddress deadline)
    {
        using FileLease queue = thread.Files.Rent(descriptor);
        if (!queue.IsOpen)
            return Errno.EBADF;
        if (!TryPutDeadline(thread, deadline, out long deadlineAddress))
            return Errno.EFAULT;
        int room = (int)Math.Min(lengthBytes, MostBytes);
        using NativeBuffer? own = room > ScratchBytes ? new NativeBuffer(room) : null;
        (NativeBuffer memory, int offset) = own is null ? (thread.Scratch, MessageOffset) : (own, 0);
        long priorityAddress = (long)thread.Scratch.Address.Value + PriorityOffset;
        SyscallResult result = thread.Block(SystemCall.MqTimedreceive, queue.Host, (long)memory.Address.Value + offset, room, priorityAddress, deadlineAddress);
        if (result.Value < 0)
            return result;
        return thread.Memory.TryWrite(message, memory.Span.Slice(offset, (int)result.Value))
            && (priority.IsNull || thread.Memory.TryWrite(priority, thread.Scratch.Span.Slice(PriorityOffset, sizeof(uint))))
            ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.MqGetsetattr, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetAndSetAttributes(GuestThread thread, int descriptor, GuestVirtualAddress wanted, GuestVirtualAddress old)
    {
        using FileLease queue = thread.Files.Rent(descriptor);
        if (!queue.IsOpen)
            return Errno.EBADF;
        Span<byte> scratch = thread.Scratch.Span;
        if (!wanted.IsNull && !thread.Memory.TryRead(wanted, scratch[..AttributeBytes]))
            return Errno.EFAULT;
        long address = (long)thread.Scratch.Address.Value;
        long result = HostStubs.Call(SystemCall.MqGetsetattr, queue.Host, wanted.IsNull ? 0 : address, old.IsNull ? 0 : address + AttributeBytes);
        return result < 0 || old.IsNull || thread.Memory.TryWrite(old, scratch.Slice(AttributeBytes, AttributeBytes)) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.MqNotify, SupportState.Refused, Ways = CallWays.Attendant, Missing = "ENOSYS: the host's notice would reach the VMM")]
    internal static SyscallResult Notify(GuestThread thread) => Errno.ENOSYS;

    private static Errno PutName(GuestThread thread, GuestVirtualAddress name)
    {
        Errno error = thread.Memory.ReadString(name, MostNameBytes, out byte[] text);
        if (error != Errno.None)
            return error;
        Span<byte> place = thread.Scratch.Span.Slice(NameOffset, text.Length + 1);
        text.CopyTo(place);
        place[^1] = 0;
        return Errno.None;
    }

    /// <summary>Deadlines are absolute already: a wait taken up again keeps them.</summary>
    private static bool TryPutDeadline(GuestThread thread, GuestVirtualAddress deadline, out long address)
    {
        const int timespecBytes = 16;
        address = deadline.IsNull ? 0 : (long)thread.Scratch.Address.Value + TimeOffset;
        return deadline.IsNull || thread.Memory.TryRead(deadline, thread.Scratch.Span.Slice(TimeOffset, timespecBytes));
    }
}
