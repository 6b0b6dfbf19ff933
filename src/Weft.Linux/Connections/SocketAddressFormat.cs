using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Sockets;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>struct sockaddr_in and sockaddr_in6, in the 28 bytes of the larger one. Source: netinet/in.h.</summary>
internal static class SocketAddressFormat
{
    internal const int Bytes = 28, Version4Bytes = 16;

    /// <summary>Reads an address. EAFNOSUPPORT for other families.</summary>
    internal static Errno Read(ReadOnlySpan<byte> socketAddress, out ServiceAddress address)
    {
        address = default;
        ushort family = BinaryPrimitives.ReadUInt16LittleEndian(socketAddress), port = BinaryPrimitives.ReadUInt16BigEndian(socketAddress[2..]);
        switch (family)
        {
            case SocketFlags.FamilyInternet:
                address = ServiceAddress.Version4(BinaryPrimitives.ReadUInt32BigEndian(socketAddress[4..]), port);
                return Errno.None;
            case SocketFlags.FamilyInternet6:
                address = new ServiceAddress
                {
                    Address = new(BinaryPrimitives.ReadUInt64BigEndian(socketAddress[8..]), BinaryPrimitives.ReadUInt64BigEndian(socketAddress[16..])),
                    Port = port,
                    Scope = BinaryPrimitives.ReadUInt32LittleEndian(socketAddress[24..]),
                };
                return Errno.None;
            default:
                return Errno.EAFNOSUPPORT;
        }
    }

    /// <summary>Whether there is an address at all: family 0 says no.</summary>
    internal static bool IsGiven(ReadOnlySpan<byte> socketAddress) => BinaryPrimitives.ReadUInt16LittleEndian(socketAddress) != 0;

    /// <summary>Writes an address; nothing for one that was never set. Returns its length.</summary>
    internal static int Put(Span<byte> socketAddress, in ServiceAddress address)
    {
        socketAddress[..Bytes].Clear();
        if (address == default)
            return 0;
        BinaryPrimitives.WriteUInt16BigEndian(socketAddress[2..], address.Port);
        if (address.IsVersion4 != 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(socketAddress, SocketFlags.FamilyInternet);
            BinaryPrimitives.WriteUInt32BigEndian(socketAddress[4..], (uint)address.Address.Interface);
            return Version4Bytes;
        }
        BinaryPrimitives.WriteUInt16LittleEndian(socketAddress, SocketFlags.FamilyInternet6);
        BinaryPrimitives.WriteUInt64BigEndian(socketAddress[8..], address.Address.Prefix);
        BinaryPrimitives.WriteUInt64BigEndian(socketAddress[16..], address.Address.Interface);
        BinaryPrimitives.WriteUInt32LittleEndian(socketAddress[24..], address.Scope);
        return Bytes;
    }
}
