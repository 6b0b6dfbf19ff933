using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Files;
using Weft.Linux.Sockets;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>What the host's kernel knows of IP addresses, asked with sockets that send nothing.</summary>
internal static class HostAddresses
{
    private const int Datagram = 2, LengthOffset = 64;

    /// <summary>Whether an address is the host's: a socket can be bound to it.</summary>
    internal static bool IsLocal(in ServiceAddress address) => TryUse(SystemCall.Bind, address with { Port = 0 }, out _);

    /// <summary>The address that the host would talk to another one from. False when there is no way.</summary>
    internal static bool TryFindSource(in ServiceAddress destination, out ServiceAddress source)
    {
        const ushort discard = 9;
        bool isFound = TryUse(SystemCall.Connect, destination with { Port = discard }, out source);
        source.Port = 0;
        return isFound;
    }

    private static bool TryUse(SystemCall call, in ServiceAddress address, out ServiceAddress name)
    {
        name = default;
        int family = address.IsVersion4 != 0 ? SocketFlags.FamilyInternet : SocketFlags.FamilyInternet6;
        long socket = HostStubs.Call(SystemCall.Socket, family, Datagram | SocketFlags.CloseOnExec, 0);
        if (socket < 0)
            return false;
        using NativeBuffer buffer = new(4096);
        int length = SocketAddressFormat.Put(buffer.Span, address);
        long place = (long)buffer.Address.Value;
        long result = HostStubs.Call(call, socket, place, length);
        if (result == 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer.Span[LengthOffset..], SocketAddressFormat.Bytes);
            result = HostStubs.Call(SystemCall.Getsockname, socket, place, place + LengthOffset);
            if (result == 0 && SocketAddressFormat.Read(buffer.Span, out name) != Errno.None)
                result = -1;
        }
        HostFile.Close((int)socket);
        return result == 0;
    }
}
