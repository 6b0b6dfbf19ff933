using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Verbs;
using Weft.Native;

namespace Weft.Linux.Sockets;

/// <summary>
/// What the kernel's RDMA netlink answers: which devices there are, and their character devices. Pure: a request in,
/// messages out.
/// </summary>
/// <param name="device">The VM's device.</param>
/// <remarks>Source: rdma/rdma_netlink.h, drivers/infiniband/core/nldev.c.</remarks>
internal sealed class RdmaNetlink(DeviceAttributes device)
{
    /// <summary>No answer is longer.</summary>
    internal const int MostReplyBytes = 512;

    private const int HeaderBytes = 16, NoType = 0;
    private const ushort Done = 3, Error = 2, Client = 5 << 10, Get = Client + 1, SystemGet = Client + 6, GetCharacterDevice = Client + 15;
    private const ushort FlagMulti = 2, FlagAcknowledge = 4, FlagDump = 0x300;
    private const ushort DeviceIndex = 1, DeviceName = 2, PortIndex = 3, FirmwareVersion = 5, NodeGuid = 6, SystemGuid = 7, NodeType = 14,
        DeviceProtocol = 25, CharacterType = 69, CharacterName = 70, CharacterAbi = 71, CharacterDevice = 72, DriverId = 73, CopyOnFork = 93;

    /// <summary>Answers the messages of one datagram.</summary>
    /// <param name="datagram">What the program sent; malformed messages end it, as the kernel's parser does.</param>
    /// <param name="send">Called with each datagram of the answer.</param>
    internal void Answer(ReadOnlySpan<byte> datagram, Action<ReadOnlyMemory<byte>> send)
    {
        while (datagram.Length >= HeaderBytes)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(datagram);
            if (length < HeaderBytes || length > datagram.Length)
                return;
            AnswerMessage(datagram[..(int)length], send);
            datagram = datagram[(int)Math.Min((length + 3) & ~3u, (uint)datagram.Length)..];
        }
    }

    private void AnswerMessage(ReadOnlySpan<byte> message, Action<ReadOnlyMemory<byte>> send)
    {
        ushort type = BinaryPrimitives.ReadUInt16LittleEndian(message[4..]), flags = BinaryPrimitives.ReadUInt16LittleEndian(message[6..]);
        const ushort request = 1, firstOfUsers = 16;
        if ((flags & request) == 0 || type < firstOfUsers)
            return;
        NetlinkReply reply = new(new byte[MostReplyBytes], BinaryPrimitives.ReadUInt32LittleEndian(message[8..]), BinaryPrimitives.ReadUInt32LittleEndian(message[12..]));
        Errno error = type switch
        {
            Get when (flags & FlagDump) == FlagDump => ListDevices(reply),
            Get => DescribeDevice(message, reply),
            GetCharacterDevice => DescribeCharacterDevice(message, reply),
            SystemGet => DescribeSystem(reply),
            _ => Errno.EINVAL,
        };
        if (error != Errno.None || (flags & FlagAcknowledge) != 0 && (flags & FlagDump) != FlagDump)
            reply.Acknowledge(Error, error, message[..HeaderBytes]);
        send(reply.Written);
    }

    private Errno ListDevices(NetlinkReply reply)
    {
        PutDevice(reply, FlagMulti);
        reply.Begin(Done, FlagMulti);
        reply.PutRaw(0);
        reply.End();
        return Errno.None;
    }

    private Errno DescribeDevice(ReadOnlySpan<byte> message, NetlinkReply reply)
    {
        if (FindNumber(message, DeviceIndex) is not { } index)
            return Errno.EINVAL;
        if (index != AdapterNames.Index)
            return Errno.EINVAL;
        PutDevice(reply, 0);
        return Errno.None;
    }

    private void PutDevice(NetlinkReply reply, ushort flags)
    {
        const byte channelAdapter = 1;
        reply.Begin(Get, flags);
        reply.Put(DeviceIndex, AdapterNames.Index);
        reply.Put(DeviceName, AdapterNames.Device);
        reply.Put(PortIndex, AdapterNames.PortCount);
        reply.Put(FirmwareVersion, AdapterNames.Firmware);
        reply.Put(NodeGuid, device.NodeGuid);
        reply.Put(SystemGuid, device.NodeGuid);
        reply.Put(NodeType, channelAdapter);
        reply.Put(DeviceProtocol, "ib");
        reply.End();
    }

    private static Errno DescribeCharacterDevice(ReadOnlySpan<byte> message, NetlinkReply reply)
    {
        ReadOnlySpan<byte> kind = Find(message, CharacterType);
        int end = kind.IndexOf((byte)0);
        if (end >= 0)
            kind = kind[..end];
        uint? index = FindNumber(message, DeviceIndex);
        bool isVerbs = kind.SequenceEqual("uverbs"u8), isConnections = kind.SequenceEqual("rdma_cm"u8);
        if (!isVerbs && !isConnections || isVerbs && index != AdapterNames.Index)
            return kind.IsEmpty ? Errno.EINVAL : Errno.ENODEV;
        reply.Begin(GetCharacterDevice, 0);
        reply.Put(CharacterDevice, (isVerbs ? AdapterNames.VerbsDevice : AdapterNames.ConnectionsDevice).Encoded);
        reply.Put(CharacterAbi, (ulong)(isVerbs ? AdapterNames.ProviderAbi : AdapterNames.ConnectionsAbi));
        reply.Put(CharacterName, isVerbs ? AdapterNames.Verbs : AdapterNames.Connections);
        if (isVerbs)
            reply.Put(DriverId, AdapterNames.DriverId);
        reply.End();
        return Errno.None;
    }

    /// <summary>Registered memory stays its owner's after a fork: the adapter goes on with the pages that it was given.</summary>
    private static Errno DescribeSystem(NetlinkReply reply)
    {
        reply.Begin(SystemGet, 0);
        reply.Put(CopyOnFork, (byte)1);
        reply.End();
        return Errno.None;
    }

    private static uint? FindNumber(ReadOnlySpan<byte> message, ushort type) =>
        Find(message, type) is { Length: >= sizeof(uint) } value ? BinaryPrimitives.ReadUInt32LittleEndian(value) : null;

    /// <summary>An attribute's value, empty when it is not there.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> message, ushort type)
    {
        const int attributeBytes = 4;
        const ushort typeMask = 0x3fff;
        ReadOnlySpan<byte> rest = message[HeaderBytes..];
        while (rest.Length >= attributeBytes && type != NoType)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            if (length < attributeBytes || length > rest.Length)
                break;
            if ((BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]) & typeMask) == type)
                return rest[attributeBytes..length];
            rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
        }
        return [];
    }
}
