using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>
/// The VMM's end of the program's RDMA netlink sockets. Those are sockets of the host's netlink that serves no kernel
/// part (NETLINK_USERSOCK), so that names, options, peeking and waiting are the host's own; answers come from this end,
/// which the program takes for the kernel's.
/// </summary>
/// <remarks>Thread-safe. One a VM; lives as long as the VMM.</remarks>
internal sealed class RdmaResponder
{
    private const int UserSocket = 2, RawDatagrams = 3, AddressBytes = 12, AddressOffset = 0, DataOffset = 64;
    private readonly Lock _lock = new();
    private readonly NativeBuffer _buffer = new(4096);
    private readonly RdmaNetlink _netlink;
    private readonly int _host;

    private RdmaResponder(int host, uint port, RdmaNetlink netlink)
    {
        _host = host;
        Port = port;
        _netlink = netlink;
    }

    /// <summary>What the host calls this end; the program is told 0, the kernel.</summary>
    internal uint Port { get; }

    /// <summary>An end, or null when the host refuses.</summary>
    internal static RdmaResponder? TryCreate(DeviceAttributes device)
    {
        long host = OpenHost(SocketFlags.CloseOnExec);
        if (host < 0)
            return null;
        const int attempts = 16;
        const uint upperHalf = 0x8000_0000;
        using NativeBuffer name = new(4096);
        for (int attempt = 0; attempt < attempts; attempt++)
        {
            // Ports that programs choose are process ids with some bits above; these are not.
            uint port = upperHalf | (uint)Random.Shared.NextInt64(1, upperHalf >> 1);
            PutAddress(name.Span, port);
            if (HostStubs.Call(SystemCall.Bind, host, (long)name.Address.Value, AddressBytes) == 0)
                return new RdmaResponder((int)host, port, new RdmaNetlink(device));
        }
        Files.HostFile.Close((int)host);
        return null;
    }

    /// <summary>A host socket of the kind. Its descriptor or -errno.</summary>
    internal static long OpenHost(int flags) => HostStubs.Call(SystemCall.Socket, SocketFlags.FamilyNetlink, RawDatagrams | flags, UserSocket);

    /// <summary>Answers a datagram of a program's socket into its queue. ENOBUFS when that is full.</summary>
    internal Errno Answer(int socket, ReadOnlySpan<byte> datagram)
    {
        lock (_lock)
        {
            if (PortOf(socket) is not { } port)
                return Errno.ENOBUFS;
            Errno error = Errno.None;
            _netlink.Answer(datagram, reply => error = error == Errno.None ? Send(port, reply.Span) : error);
            return error;
        }
    }

    private uint? PortOf(int socket)
    {
        Span<byte> span = _buffer.Span;
        BinaryPrimitives.WriteInt32LittleEndian(span[AddressBytes..], AddressBytes);
        long address = (long)_buffer.Address.Value;
        uint port = 0;
        for (int attempt = 0; attempt < 2; attempt++)
        {
            if (HostStubs.CallQuick(SystemCall.Getsockname, socket, address, address + AddressBytes) < 0)
                return null;
            port = BinaryPrimitives.ReadUInt32LittleEndian(span[4..]);
            if (port != 0)
                break;
            // Never bound: the first message binds a socket.
            PutAddress(span, 0);
            HostStubs.CallQuick(SystemCall.Bind, socket, address, AddressBytes);
        }
        return port == 0 ? null : port;
    }

    private Errno Send(uint port, ReadOnlySpan<byte> message)
    {
        PutAddress(_buffer.Span, port);
        message.CopyTo(_buffer.Span[DataOffset..]);
        long address = (long)_buffer.Address.Value;
        long sent = HostStubs.Call(SystemCall.Sendto, _host, address + DataOffset, message.Length, SocketFlags.DontWait, address + AddressOffset, AddressBytes);
        return sent < 0 ? Errno.ENOBUFS : Errno.None;
    }

    /// <summary>struct sockaddr_nl: family, padding, port, groups.</summary>
    private static void PutAddress(Span<byte> address, uint port)
    {
        address[..AddressBytes].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, SocketFlags.FamilyNetlink);
        BinaryPrimitives.WriteUInt32LittleEndian(address[4..], port);
    }
}
