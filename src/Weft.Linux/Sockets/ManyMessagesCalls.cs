using Weft.Linux.Files;
using Weft.Linux.Polling;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>sendmmsg(2) and recvmmsg(2): one message after the other, as the host's kernel does it too.</summary>
internal static class ManyMessagesCalls
{
    private const uint MostMessages = 1024;
    private const ulong EntryBytes = 64, LengthOffset = MessageHeader.Bytes;

    [SystemCall(SystemCall.Sendmmsg, SupportState.Full)]
    internal static SyscallResult Send(GuestThread thread, int descriptor, GuestVirtualAddress messages, uint count, uint flags)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        count = Math.Min(count, MostMessages);
        for (uint done = 0; done < count; done++)
        {
            GuestVirtualAddress entry = messages + done * EntryBytes;
            SyscallResult result = socket.Description is RdmaSocket rdma ? rdma.SendMessage(thread, entry)
                : MessageCalls.SendOn(thread, socket.Host, entry, flags);
            if (result.Value >= 0 && !thread.Memory.TryWrite(entry + LengthOffset, (uint)result.Value))
                result = Errno.EFAULT;
            if (result.Value < 0)
                return done > 0 ? done : result;
        }
        return count;
    }

    [SystemCall(SystemCall.Recvmmsg, SupportState.Full)]
    internal static SyscallResult Receive(GuestThread thread, int descriptor, GuestVirtualAddress messages, uint count, uint flags, GuestVirtualAddress timeout)
    {
        long deadline = long.MaxValue;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out Timespec limit))
                return Errno.EFAULT;
            if (!limit.IsValid)
                return Errno.EINVAL;
            deadline = limit.Deadline();
        }
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        SyscallResult result = ReceiveAll(thread, socket.Host, messages, Math.Min(count, MostMessages), flags, deadline);
        if (result.Value > 0 && !timeout.IsNull && !thread.Memory.TryWrite(timeout, Timespec.Until(deadline)))
            return Errno.EFAULT;
        return result;
    }

    private static SyscallResult ReceiveAll(GuestThread thread, int host, GuestVirtualAddress messages, uint count, uint flags, long deadline)
    {
        uint each = flags & ~SocketFlags.WaitForOne;
        for (uint done = 0; done < count; done++)
        {
            GuestVirtualAddress entry = messages + done * EntryBytes;
            SyscallResult result = MessageCalls.ReceiveOn(thread, host, entry, each);
            if (result.Value >= 0 && !thread.Memory.TryWrite(entry + LengthOffset, (uint)result.Value))
                result = Errno.EFAULT;
            if (result.Value < 0)
                return done > 0 ? done : result;
            if ((flags & SocketFlags.WaitForOne) != 0)
                each |= SocketFlags.DontWait;
            // The time is looked at after each message only: recvmmsg(2), "Bugs".
            if (deadline != long.MaxValue && Timespec.Until(deadline).IsZero)
                return done + 1;
        }
        return count;
    }
}
