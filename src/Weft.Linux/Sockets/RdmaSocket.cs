using Weft.Linux.Checkpoint;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>A NETLINK_RDMA socket of the program: what it sends is answered by the VMM.</summary>
internal sealed class RdmaSocket(int host, RdmaResponder responder) : FileDescription(host)
{
    private const int MostRequestBytes = 4096;

    /// <summary>socket(AF_NETLINK, type, NETLINK_RDMA). EPROTONOSUPPORT without an adapter, as where the module is not loaded.</summary>
    internal static SyscallResult Create(GuestThread thread, int type)
    {
        const int raw = 3, datagram = 2;
        if ((type & SocketFlags.TypeMask) is not (raw or datagram))
            return Errno.ESOCKTNOSUPPORT;
        if (thread.Kernel.RdmaResponder is not { } responder)
            return Errno.EPROTONOSUPPORT;
        long host = RdmaResponder.OpenHost(type & SocketFlags.NonBlocking | SocketFlags.CloseOnExec);
        return host < 0 ? host : thread.Files.Install(new RdmaSocket((int)host, responder), (type & SocketFlags.CloseOnExec) != 0);
    }

    /// <inheritdoc/>
    internal override FileState Describe(MountTable mounts) => base.Describe(mounts) with { Kind = FileKind.RdmaSocket };

    /// <summary>A datagram to the kernel.</summary>
    internal SyscallResult Send(GuestThread thread, GuestVirtualAddress buffer, ulong count)
    {
        if (count > MostRequestBytes)
            return Errno.EMSGSIZE;
        Span<byte> datagram = stackalloc byte[MostRequestBytes];
        datagram = datagram[..(int)count];
        if (!thread.Memory.TryRead(buffer, datagram))
            return Errno.EFAULT;
        Errno error = responder.Answer(Host, datagram);
        return error == Errno.None ? (long)count : error;
    }

    /// <summary>The same with struct msghdr.</summary>
    internal SyscallResult SendMessage(GuestThread thread, GuestVirtualAddress message)
    {
        if (!thread.Memory.TryRead(message, out MessageHeader header))
            return Errno.EFAULT;
        if (header.VectorCount > GuestVectors.Most)
            return Errno.EMSGSIZE;
        Span<byte> datagram = stackalloc byte[MostRequestBytes];
        int length = 0;
        for (ulong index = 0; index < header.VectorCount; index++)
        {
            GuestVirtualAddress entry = new GuestVirtualAddress(header.Vectors) + index * 16;
            if (!thread.Memory.TryRead(entry, out ulong address) || !thread.Memory.TryRead(entry + 8, out ulong count))
                return Errno.EFAULT;
            if (count > (ulong)(MostRequestBytes - length))
                return Errno.EMSGSIZE;
            if (!thread.Memory.TryRead(new(address), datagram.Slice(length, (int)count)))
                return Errno.EFAULT;
            length += (int)count;
        }
        Errno error = responder.Answer(Host, datagram[..length]);
        return error == Errno.None ? length : error;
    }
}
