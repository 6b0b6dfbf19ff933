using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Ipc;

/// <summary>System V message queues: the host's, with messages copied.</summary>
internal static class MessageQueueCalls
{
    private const int QueueBytes = 120, InfoBytes = 32, TypeBytes = sizeof(long);

    // Far above what any host's msgmax allows (8 KiB by default).
    private const ulong MostBytes = 8 << 20;

    [SystemCall(SystemCall.Msgget, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Get(GuestThread thread, int key, int flags) => HostStubs.Call(SystemCall.Msgget, key, flags);

    [SystemCall(SystemCall.Msgsnd, SupportState.Full)]
    internal static SyscallResult Send(GuestThread thread, int id, GuestVirtualAddress message, ulong lengthBytes, int flags)
    {
        if (lengthBytes > MostBytes || id < 0)
            return Errno.EINVAL;
        using QueuedMessage queued = new(thread, (int)lengthBytes);
        return thread.Memory.TryRead(message, queued.Span)
            ? thread.Block(SystemCall.Msgsnd, id, queued.Address, (long)lengthBytes, flags) : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Msgrcv, SupportState.Full)]
    internal static SyscallResult Receive(GuestThread thread, int id, GuestVirtualAddress message, ulong lengthBytes, long type, int flags)
    {
        if ((long)lengthBytes < 0 || id < 0)
            return Errno.EINVAL;
        int room = (int)Math.Min(lengthBytes, MostBytes);
        using QueuedMessage queued = new(thread, room);
        SyscallResult result = thread.Block(SystemCall.Msgrcv, id, queued.Address, room, type, flags);
        if (result.Value < 0)
            return result;
        return thread.Memory.TryWrite(message, queued.Span[..(TypeBytes + (int)result.Value)]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Msgctl, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Control(GuestThread thread, int id, int command, GuestVirtualAddress buffer)
    {
        const int set = 1, status = 2, limits = 3, statusByIndex = 11, usage = 12, statusAny = 13;
        Span<byte> scratch = thread.Scratch.Span;
        if (command == set && !thread.Memory.TryRead(buffer, scratch[..QueueBytes]))
            return Errno.EFAULT;
        int bytes = command switch
        {
            status or statusByIndex or statusAny => QueueBytes,
            limits or usage => InfoBytes,
            _ => 0,
        };
        long result = HostStubs.Call(SystemCall.Msgctl, id, command, (long)thread.Scratch.Address.Value);
        return result < 0 || bytes == 0 || thread.Memory.TryWrite(buffer, scratch[..bytes]) ? result : Errno.EFAULT;
    }

    /// <summary>struct msgbuf: a type and the bytes. In scratch memory, or in a buffer of its own when long.</summary>
    private readonly ref struct QueuedMessage(GuestThread thread, int lengthBytes)
    {
        private readonly NativeBuffer? _own = TypeBytes + lengthBytes > thread.Scratch.Length ? new NativeBuffer(TypeBytes + lengthBytes) : null;

        internal long Address => (long)(_own ?? thread.Scratch).Address.Value;

        internal Span<byte> Span => (_own ?? thread.Scratch).Span[..(TypeBytes + lengthBytes)];

        public void Dispose() => _own?.Dispose();
    }
}
