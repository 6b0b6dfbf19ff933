using System.Buffers.Binary;
using Weft.Adapter.Control;

namespace Weft.Linux.Verbs;

/// <summary>What queries say of device and port. Source: rdma/ib_user_verbs.h, the InfiniBand specification.</summary>
internal static class PortDescription
{
    /// <summary>ib_uverbs_query_device_resp, ib_uverbs_ex_query_device_resp, mlx4's part of the latter, ib_uverbs_query_port_resp.</summary>
    internal const int DeviceBytes = 176, ExtendedDeviceBytes = 304, ProviderBytes = 48, PortBytes = 40;

    /// <summary>PortInfo's capability mask: traps, automatic migration, SL mapping, system image GUID, SNMP-less, communication management, device management, client reregistration.</summary>
    internal const uint Capabilities = 0x0251_4868;

    /// <summary>IBV_MTU_4096.</summary>
    internal const byte Mtu = 5;

    /// <summary>The most that 16-bit ring counters bear, less what the provider keeps free.</summary>
    internal const uint MostQueueRequests = 16351, MostSharedRequests = 16383, MostCompletions = 4194303, MostSegments = 32, MostSharedSegments = 31;

    /// <summary>The most READs and atomics outstanding at either end.</summary>
    internal const uint MostReads = 16;

    /// <summary>Completion times are nanoseconds, of which 48 bits are told.</summary>
    private const ulong TimestampMask = Machine.ClockPage.Mask, ClockKilohertz = Machine.ClockPage.Kilohertz;

    private const uint MostMessageBytes = 1u << 30;

    /// <summary>
    /// IBV_DEVICE_*: BAD_PKEY_CNTR, BAD_QKEY_CNTR, CHANGE_PHY_PORT, UD_AV_PORT_ENFORCE, CURR_QP_STATE_MOD, PORT_ACTIVE_EVENT,
    /// SYS_IMAGE_GUID, RC_RNR_NAK_GEN, MEM_WINDOW, XRC, MEM_MGT_EXTENSIONS, MEM_WINDOW_TYPE_2B.
    /// </summary>
    private const uint DeviceCapabilities = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 24;

    /// <summary>struct ib_uverbs_query_device_resp.</summary>
    internal static void PutDevice(Span<byte> response, in DeviceAttributes device)
    {
        const ulong anyPage = 0xffff_f000;
        // As the card tells it: UCX looks for this one, though atomics here are atomic towards the program's own as well.
        const uint deviceAtomics = 1, mostGroups = 8192, mostMembers = 256, many = 1 << 16;
        BinaryPrimitives.WriteUInt64LittleEndian(response, AdapterNames.FirmwareNumber);
        BinaryPrimitives.WriteUInt64BigEndian(response[8..], device.NodeGuid);
        BinaryPrimitives.WriteUInt64BigEndian(response[16..], device.NodeGuid);
        BinaryPrimitives.WriteUInt64LittleEndian(response[24..], ulong.MaxValue);
        BinaryPrimitives.WriteUInt64LittleEndian(response[32..], anyPage);
        ReadOnlySpan<uint> numbers =
        [
            AdapterNames.VendorId, AdapterNames.PartId, 1, device.MostQueuePairs, MostQueueRequests, DeviceCapabilities, MostSegments, MostSegments - 2,
            device.MostCompletionQueues, MostCompletions, device.MostRegions, many, MostReads, 0, device.MostQueuePairs * MostReads, MostReads, 0, deviceAtomics,
            0, 0, device.MostRegions, 0, 0, mostGroups, mostMembers, mostGroups * mostMembers, int.MaxValue, 0, 0,
            device.MostSharedReceiveQueues, MostSharedRequests, MostSharedSegments,
        ];
        for (int index = 0; index < numbers.Length; index++)
            BinaryPrimitives.WriteUInt32LittleEndian(response[(40 + index * sizeof(uint))..], numbers[index]);
        const byte acknowledgeDelay = 15;
        BinaryPrimitives.WriteUInt16LittleEndian(response[168..], 1);
        response[170] = acknowledgeDelay;
        response[171] = (byte)AdapterNames.PortCount;
    }

    /// <summary>struct ib_uverbs_ex_query_device_resp: on top the clock of completion times and the capabilities in 64 bits.</summary>
    internal static void PutExtendedDevice(Span<byte> response, in DeviceAttributes device)
    {
        PutDevice(response, device);
        BinaryPrimitives.WriteUInt32LittleEndian(response[180..], ExtendedDeviceBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(response[208..], TimestampMask);
        BinaryPrimitives.WriteUInt64LittleEndian(response[216..], ClockKilohertz);
        BinaryPrimitives.WriteUInt64LittleEndian(response[224..], DeviceCapabilities);
    }

    /// <summary>struct mlx4_uverbs_ex_query_device_resp: the clock at the begin of its page, no receive inline.</summary>
    internal static void PutProviderDevice(Span<byte> response)
    {
        const uint hasClock = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(response, hasClock);
        BinaryPrimitives.WriteUInt32LittleEndian(response[4..], ProviderBytes);
    }

    /// <summary>struct ib_uverbs_query_port_resp: active, four lanes of FDR, InfiniBand.</summary>
    internal static void PutPort(Span<byte> response, in DeviceAttributes device)
    {
        const byte active = 4, linkUp = 5, wide = 2, fdr = 16, infiniBand = 1, timeout = 18;
        BinaryPrimitives.WriteUInt32LittleEndian(response, Capabilities);
        BinaryPrimitives.WriteUInt32LittleEndian(response[4..], MostMessageBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(response[16..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(response[20..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(response[22..], device.Lid);
        BinaryPrimitives.WriteUInt16LittleEndian(response[24..], device.SubnetManagerLid);
        response[26] = active;
        response[27] = Mtu;
        response[28] = Mtu;
        response[30] = 4;
        response[32] = timeout;
        response[34] = wide;
        response[35] = fdr;
        response[36] = linkUp;
        response[37] = infiniBand;
    }
}
