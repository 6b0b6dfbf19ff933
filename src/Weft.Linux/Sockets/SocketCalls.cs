using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>Making, naming and connecting sockets: the host's own.</summary>
internal static class SocketCalls
{
    private const string Families = "families: Unix, IPv4, IPv6, netlink (RDMA with --adapter), packet, and the kernel's crypto; not SCTP. With --network none they are in an empty network namespace, or, without the privilege for one, only Unix and crypto";

    [SystemCall(SystemCall.Socket, SupportState.Partly, Ways = CallWays.Attendant, Missing = Families)]
    internal static SyscallResult Create(GuestThread thread, int family, int type, int protocol)
    {
        if (SocketFamilies.IsRdma(family, protocol))
            return RdmaSocket.Create(thread, type);
        Errno error = SocketFamilies.Check(thread.Kernel, family, protocol);
        return error != Errno.None
            ? error
            : thread.Files.InstallHost(HostStubs.CallQuick(SystemCall.Socket, family, type | SocketFlags.CloseOnExec, protocol),
                (type & SocketFlags.CloseOnExec) != 0);
    }

    [SystemCall(SystemCall.Socketpair, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult CreatePair(GuestThread thread, int family, int type, int protocol, GuestVirtualAddress descriptors)
    {
        Errno error = SocketFamilies.Check(thread.Kernel, family, protocol);
        if (error != Errno.None)
            return error;
        long result = HostStubs.CallQuick(SystemCall.Socketpair, family, type | SocketFlags.CloseOnExec, protocol, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        ReadOnlySpan<int> host = MemoryMarshal.Cast<byte, int>(thread.Scratch.Span);
        int firstHost = host[0], secondHost = host[1];
        bool closeOnExec = (type & SocketFlags.CloseOnExec) != 0;
        SyscallResult first = thread.Files.InstallHost(firstHost, closeOnExec);
        SyscallResult second = thread.Files.InstallHost(secondHost, closeOnExec);
        if (!first.IsError && !second.IsError && thread.Memory.TryWrite(descriptors, (uint)first.Value | (ulong)second.Value << 32))
            return SyscallResult.Success;
        if (!first.IsError)
            thread.Files.Close((int)first.Value);
        if (!second.IsError)
            thread.Files.Close((int)second.Value);
        return first.IsError || second.IsError ? Errno.EMFILE : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Bind, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Bind(GuestThread thread, int descriptor, GuestVirtualAddress address, int lengthBytes)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        Errno error = SocketAddress.Read(thread, address, lengthBytes, true, out SocketAddress name);
        using (name)
        {
            if (error != Errno.None)
                return error;
            long result = HostStubs.Call(SystemCall.Bind, socket.Host, NameAddress(thread), name.Length);
            if (result == 0)
                name.RememberBound(thread);
            return result;
        }
    }

    [SystemCall(SystemCall.Connect, SupportState.Full)]
    internal static SyscallResult Connect(GuestThread thread, int descriptor, GuestVirtualAddress address, int lengthBytes)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        Errno error = SocketAddress.Read(thread, address, lengthBytes, false, out SocketAddress name);
        using (name)
            return error == Errno.None && socket.Description is RdmaSocket
                ? SyscallResult.Success // The kernel is all that it can talk to.
                : error != Errno.None
                ? error
                : SocketWaits.Finish(thread.Block(SystemCall.Connect, socket.Host, NameAddress(thread), name.Length), thread, socket.Host, SocketFlags.OptionSendTimeout);
    }

    [SystemCall(SystemCall.Listen, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Listen(GuestThread thread, int descriptor, int backlog)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        return socket.IsOpen ? HostStubs.CallQuick(SystemCall.Listen, socket.Host, backlog) : Errno.EBADF;
    }

    [SystemCall(SystemCall.Shutdown, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Shutdown(GuestThread thread, int descriptor, int how)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        return socket.IsOpen ? HostStubs.Call(SystemCall.Shutdown, socket.Host, how) : Errno.EBADF;
    }

    [SystemCall(SystemCall.Accept, SupportState.Full)]
    internal static SyscallResult Accept(GuestThread thread, int descriptor, GuestVirtualAddress address, GuestVirtualAddress length) =>
        AcceptWithFlags(thread, descriptor, address, length, 0);

    [SystemCall(SystemCall.Accept4, SupportState.Full)]
    internal static SyscallResult AcceptWithFlags(GuestThread thread, int descriptor, GuestVirtualAddress address, GuestVirtualAddress length, int flags)
    {
        if ((flags & ~(SocketFlags.CloseOnExec | SocketFlags.NonBlocking)) != 0)
            return Errno.EINVAL;
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        PutNameLength(thread, SocketScratch.NameBytes);
        SyscallResult accepted = SocketWaits.Finish(
            thread.Block(SystemCall.Accept4, socket.Host, NameAddress(thread), NameLengthAddress(thread), flags | SocketFlags.CloseOnExec),
            thread, socket.Host, SocketFlags.OptionReceiveTimeout);
        if (accepted.Value < 0)
            return accepted;
        SyscallResult result = thread.Files.InstallHost(accepted.Value, (flags & SocketFlags.CloseOnExec) != 0);
        if (result.IsError || address.IsNull)
            return result;
        Errno error = WriteName(thread, address, length);
        if (error == Errno.None)
            return result;
        thread.Files.Close((int)result.Value);
        return error;
    }

    [SystemCall(SystemCall.Getsockname, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetName(GuestThread thread, int descriptor, GuestVirtualAddress address, GuestVirtualAddress length) =>
        AskName(thread, SystemCall.Getsockname, descriptor, address, length);

    [SystemCall(SystemCall.Getpeername, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetPeerName(GuestThread thread, int descriptor, GuestVirtualAddress address, GuestVirtualAddress length) =>
        AskName(thread, SystemCall.Getpeername, descriptor, address, length);

    internal static long NameAddress(GuestThread thread) => (long)thread.Scratch.Address.Value + SocketScratch.Name;

    internal static long NameLengthAddress(GuestThread thread) => (long)thread.Scratch.Address.Value + SocketScratch.NameLength;

    /// <summary>Tells the host how much room its answer has.</summary>
    internal static void PutNameLength(GuestThread thread, int lengthBytes) =>
        BinaryPrimitives.WriteInt32LittleEndian(thread.Scratch.Span[SocketScratch.NameLength..], lengthBytes);

    /// <summary>Gives the program the address that the host wrote: as much as it has room for, and the true length.</summary>
    internal static Errno WriteName(GuestThread thread, GuestVirtualAddress address, GuestVirtualAddress length)
    {
        if (!thread.Memory.TryRead(length, out int room))
            return Errno.EFAULT;
        if (room < 0)
            return Errno.EINVAL;
        int bytes = SocketAddress.ToGuest(thread, BinaryPrimitives.ReadInt32LittleEndian(thread.Scratch.Span[SocketScratch.NameLength..]));
        int copied = Math.Min(room, Math.Min(bytes, SocketScratch.NameBytes));
        return thread.Memory.TryWrite(address, thread.Scratch.Span.Slice(SocketScratch.Name, copied)) && thread.Memory.TryWrite(length, bytes)
            ? Errno.None : Errno.EFAULT;
    }

    private static SyscallResult AskName(GuestThread thread, SystemCall call, int descriptor, GuestVirtualAddress address, GuestVirtualAddress length)
    {
        using FileLease socket = thread.Files.Rent(descriptor);
        if (!socket.IsOpen)
            return Errno.EBADF;
        PutNameLength(thread, SocketScratch.NameBytes);
        long result = HostStubs.CallQuick(call, socket.Host, NameAddress(thread), NameLengthAddress(thread));
        return result < 0 ? result : WriteName(thread, address, length);
    }
}
