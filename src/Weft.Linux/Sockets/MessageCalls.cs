using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>sendmsg(2) and recvmsg(2).</summary>
internal static class MessageCalls
{
    // Larger than any list of control messages that Linux takes or makes by default (net.core.optmem_max 20 to 128 KiB
    // bounds what is sent; what is received is at most 253 descriptors and some records).
    private const int MostControl = SocketScratch.LargeBytes;

    [SystemCall(SystemCall.Sendmsg, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Send(GuestThread thread, int descriptor, GuestVirtualAddress message, uint flags)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        return !socket.IsOpen ? Errno.EBADF
            : socket.Description is RdmaSocket rdma ? rdma.SendMessage(thread, message)
            : SendOn(thread, socket.Host, message, flags);
    }

    [SystemCall(SystemCall.Recvmsg, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Receive(GuestThread thread, int descriptor, GuestVirtualAddress message, uint flags)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        return socket.IsOpen ? ReceiveOn(thread, socket.Host, message, flags) : Errno.EBADF;
    }

    internal static SyscallResult SendOn(GuestThread thread, int host, GuestVirtualAddress message, uint flags)
    {
        Errno error = ReadHeader(thread, message, PageAccess.Read, out MessageHeader header, out GuestVectors vectors);
        if (error != Errno.None)
            return error;
        SocketAddress name = default;
        if (header.Name != 0 && header.NameLength != 0)
            error = SocketAddress.Read(thread, new(header.Name), header.NameLength, false, out name);
        using (name)
            return error != Errno.None ? error : SendTo(thread, host, name, header, vectors, flags);
    }

    private static SyscallResult SendTo(GuestThread thread, int host, in SocketAddress name, in MessageHeader header, in GuestVectors vectors, uint flags)
    {
        SentDescriptors descriptors = new(thread);
        try
        {
            Errno error = descriptors.PutControl(new(header.Control), header.ControlLength, MostControl);
            if (error != Errno.None)
                return error;
            MessageHeader hosts = new()
            {
                Name = name.Length == 0 ? 0 : (ulong)SocketCalls.NameAddress(thread),
                NameLength = name.Length,
                Vectors = vectors.Address.Value,
                VectorCount = (ulong)vectors.Count,
                Control = header.ControlLength == 0 ? 0 : thread.Scratch.Address.Value + SocketScratch.Large,
                ControlLength = header.ControlLength,
            };
            return SendHeader(thread, host, hosts, vectors.TotalBytes, flags);
        }
        finally
        {
            descriptors.Dispose();
        }
    }

    internal static SyscallResult ReceiveOn(GuestThread thread, int host, GuestVirtualAddress message, uint flags)
    {
        Errno error = ReadHeader(thread, message, PageAccess.Write, out MessageHeader header, out GuestVectors vectors);
        if (error != Errno.None)
            return error;
        int room = header.Control == 0 ? 0 : (int)Math.Min(header.ControlLength, MostControl);
        MessageHeader hosts = new()
        {
            Name = header.Name == 0 ? 0 : (ulong)SocketCalls.NameAddress(thread),
            NameLength = header.Name == 0 ? 0 : SocketScratch.NameBytes,
            Vectors = vectors.Address.Value,
            VectorCount = (ulong)vectors.Count,
            Control = room == 0 ? 0 : thread.Scratch.Address.Value + SocketScratch.Large,
            ControlLength = (ulong)room,
        };
        SyscallResult result = ReceiveHeader(thread, host, ref hosts, vectors.TotalBytes, flags);
        if (result.Value < 0)
            return result;
        bool closeOnExec = (flags & SocketFlags.CloseReceivedOnExec) != 0;
        Span<byte> control = thread.Scratch.Span.Slice(SocketScratch.Large, room);
        int used = ReceivedDescriptors.Install(thread, control, (int)Math.Min(hosts.ControlLength, (ulong)room), closeOnExec, ref hosts.Flags);
        if (!closeOnExec)
            hosts.Flags &= ~SocketFlags.CloseReceivedOnExec;
        return WriteResults(thread, message, header, hosts, control[..used]) ? result : Errno.EFAULT;
    }

    /// <summary>Sends vectors to an address that is in scratch memory already.</summary>
    internal static SyscallResult SendVectors(GuestThread thread, int host, in GuestVectors vectors, long name, int nameLength, uint flags)
    {
        MessageHeader header = new()
        {
            Name = (ulong)name,
            NameLength = nameLength,
            Vectors = vectors.Address.Value,
            VectorCount = (ulong)vectors.Count,
        };
        return SendHeader(thread, host, header, vectors.TotalBytes, flags);
    }

    /// <summary>Receives into vectors; the sender's address comes to scratch memory, with its length.</summary>
    internal static SyscallResult ReceiveVectors(GuestThread thread, int host, in GuestVectors vectors, uint flags)
    {
        MessageHeader header = new()
        {
            Name = (ulong)SocketCalls.NameAddress(thread),
            NameLength = SocketScratch.NameBytes,
            Vectors = vectors.Address.Value,
            VectorCount = (ulong)vectors.Count,
        };
        SyscallResult result = ReceiveHeader(thread, host, ref header, vectors.TotalBytes, flags);
        SocketCalls.PutNameLength(thread, header.NameLength);
        return result;
    }

    private static Errno ReadHeader(GuestThread thread, GuestVirtualAddress message, PageAccess need, out MessageHeader header, out GuestVectors vectors)
    {
        vectors = default;
        if (!thread.Memory.TryRead(message, out header))
            return Errno.EFAULT;
        if (header.NameLength < 0)
            return Errno.EINVAL;
        header.NameLength = Math.Min(header.NameLength, SocketScratch.NameBytes);
        return header.VectorCount > GuestVectors.Most
            ? Errno.EMSGSIZE
            : GuestVectors.FromArray(thread, new(header.Vectors), header.VectorCount, need, out vectors);
    }

    private static SyscallResult SendHeader(GuestThread thread, int host, in MessageHeader header, ulong bytes, uint flags)
    {
        MemoryMarshal.Write(thread.Scratch.Span[SocketScratch.Header..], header);
        uint hostFlags = (flags & ~SocketFlags.Compatible) | SocketFlags.NoSignal;
        return SocketWaits.FinishSend(
            SocketWaits.Transfer(thread, host, SystemCall.Sendmsg, (long)thread.Scratch.Address.Value + SocketScratch.Header, 0, hostFlags, 0, 0, bytes),
            thread, host, flags);
    }

    private static SyscallResult ReceiveHeader(GuestThread thread, int host, ref MessageHeader header, ulong bytes, uint flags)
    {
        Span<byte> hosts = thread.Scratch.Span[SocketScratch.Header..];
        MemoryMarshal.Write(hosts, header);
        uint hostFlags = (flags & ~SocketFlags.Compatible) | SocketFlags.CloseReceivedOnExec;
        SyscallResult result = SocketWaits.Finish(
            SocketWaits.Transfer(thread, host, SystemCall.Recvmsg, (long)thread.Scratch.Address.Value + SocketScratch.Header, 0, hostFlags, 0, 0, bytes),
            thread, host, SocketFlags.OptionReceiveTimeout);
        header = MemoryMarshal.Read<MessageHeader>(hosts);
        return result;
    }

    private static bool WriteResults(GuestThread thread, GuestVirtualAddress message, in MessageHeader guest, in MessageHeader hosts, ReadOnlySpan<byte> control)
    {
        if (guest.Name != 0)
        {
            int length = SocketAddress.ToGuest(thread, hosts.NameLength);
            int copied = Math.Min(Math.Min(length, guest.NameLength), SocketScratch.NameBytes);
            if (!thread.Memory.TryWrite(new(guest.Name), thread.Scratch.Span.Slice(SocketScratch.Name, copied))
                || !thread.Memory.TryWrite(message + MessageHeader.NameLengthOffset, length))
                return false;
        }
        return (control.Length == 0 || thread.Memory.TryWrite(new(guest.Control), control))
            && thread.Memory.TryWrite(message + MessageHeader.FlagsOffset, hosts.Flags)
            && thread.Memory.TryWrite(message + MessageHeader.ControlLengthOffset, (ulong)control.Length);
    }
}
