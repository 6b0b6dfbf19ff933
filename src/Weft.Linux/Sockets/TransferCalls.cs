using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>sendto(2) and recvfrom(2): the host's kernel copies to and from guest memory itself.</summary>
internal static class TransferCalls
{
    [SystemCall(SystemCall.Sendto, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SendTo(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count, uint flags,
        GuestVirtualAddress address, int addressBytes)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        if (socket.Description is RdmaSocket rdma)
            return rdma.Send(thread, buffer, count);
        count = Math.Min(count, GuestVectors.MostBytes);
        SocketAddress name = default;
        Errno error = address.IsNull ? Errno.None : SocketAddress.Read(thread, address, addressBytes, false, out name);
        using (name)
        {
            if (error != Errno.None)
                return error;
            long nameAddress = address.IsNull ? 0 : SocketCalls.NameAddress(thread);
            HostAddress host = thread.Scratch.Address;
            if (count != 0 && (!thread.Memory.TryGetHostRange(buffer, count, PageAccess.Read, out host, out ulong contiguous) || contiguous != count))
            {
                error = GuestVectors.FromRange(thread, buffer, count, PageAccess.Read, out GuestVectors vectors);
                return error != Errno.None ? error : MessageCalls.SendVectors(thread, socket.Host, vectors, nameAddress, name.Length, flags);
            }
            return SocketWaits.FinishSend(
                SocketWaits.Transfer(thread, socket.Host, SystemCall.Sendto, (long)host.Value, (long)count, flags | SocketFlags.NoSignal, nameAddress, name.Length, count),
                thread, socket.Host, flags);
        }
    }

    [SystemCall(SystemCall.Recvfrom, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult ReceiveFrom(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count, uint flags,
        GuestVirtualAddress address, GuestVirtualAddress addressBytes)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        count = Math.Min(count, GuestVectors.MostBytes);
        HostAddress host;
        SyscallResult result;
        // TCP throws MSG_TRUNC's bytes away without a look at the buffer, which may then be any pointer.
        if (count != 0 && (flags & SocketFlags.Truncate) != 0 && !thread.Memory.TryGetHostRange(buffer, 1, PageAccess.Write, out _, out _))
            host = default;
        else
            host = thread.Scratch.Address;
        if (count != 0 && host != default && (!thread.Memory.TryGetHostRange(buffer, count, PageAccess.Write, out host, out ulong contiguous) || contiguous != count))
        {
            Errno error = GuestVectors.FromRange(thread, buffer, count, PageAccess.Write, out GuestVectors vectors);
            if (error != Errno.None)
                return error;
            result = MessageCalls.ReceiveVectors(thread, socket.Host, vectors, flags);
        }
        else
        {
            SocketCalls.PutNameLength(thread, address.IsNull ? 0 : SocketScratch.NameBytes);
            result = SocketWaits.Finish(
                SocketWaits.Transfer(thread, socket.Host, SystemCall.Recvfrom, (long)host.Value, (long)count, flags,
                    address.IsNull ? 0 : SocketCalls.NameAddress(thread), address.IsNull ? 0 : SocketCalls.NameLengthAddress(thread), count),
                thread, socket.Host, SocketFlags.OptionReceiveTimeout);
        }
        if (result.Value < 0 || address.IsNull)
            return result;
        Errno written = SocketCalls.WriteName(thread, address, addressBytes);
        return written == Errno.None ? result : written;
    }
}
