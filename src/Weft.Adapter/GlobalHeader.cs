using System.Buffers.Binary;
using Weft.Adapter.Control;

namespace Weft.Adapter;

/// <summary>The global routing header that goes before a datagram.</summary>
/// <remarks>Source: InfiniBand specification, volume 1, 8.3: that of an IPv6 packet.</remarks>
internal static class GlobalHeader
{
    private const ulong LinkLocalPrefix = 0xfe80_0000_0000_0000;
    private const byte NextHeader = 0x1b;

    /// <summary>Fills forty bytes; all zero for a datagram without one.</summary>
    internal static void Write(Span<byte> header, in DeviceAttributes from, SendRequest request)
    {
        header.Clear();
        ref readonly PathAddress to = ref request.Destination;
        if (to.IsGlobal == 0)
            return;
        BinaryPrimitives.WriteUInt32BigEndian(header, 6u << 28 | (uint)to.TrafficClass << 20 | to.FlowLabel);
        BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)request.TotalBytes);
        header[6] = NextHeader;
        header[7] = to.HopLimit;
        BinaryPrimitives.WriteUInt64BigEndian(header[8..], LinkLocalPrefix);
        BinaryPrimitives.WriteUInt64BigEndian(header[16..], from.PortGuid);
        BinaryPrimitives.WriteUInt64BigEndian(header[24..], to.Destination.Prefix);
        BinaryPrimitives.WriteUInt64BigEndian(header[32..], to.Destination.Interface);
    }
}
