using Weft.Adapter.Control;
using Weft.Linux.Verbs;

namespace Weft.Linux.Proc;

/// <summary>
/// The adapter below /sys/class: what rdma-core, UCX and libfabric read there. Source: Linux's
/// Documentation/ABI/stable/sysfs-class-infiniband.
/// </summary>
internal sealed class AdapterTree(ViewContext context, DeviceAttributes device)
{
    /// <summary>/sys/class/misc/rdma_cm.</summary>
    internal static ViewDirectory ConnectionsDirectory() => new ViewDirectory()
        .Add("dev", Line(AdapterNames.ConnectionsDevice))
        .Add("abi_version", Line(AdapterNames.ConnectionsAbi));

    /// <summary>Adds the directories to /sys/class.</summary>
    internal void AddTo(ViewDirectory classes) => classes
        .Add("infiniband", new ViewDirectory().Add(AdapterNames.Device, DeviceDirectory()))
        .Add("infiniband_verbs", new ViewDirectory()
            .Add("abi_version", Line(AdapterNames.VerbsAbi))
            .Add(AdapterNames.Verbs, new ViewDirectory()
                .Add("ibdev", Line(AdapterNames.Device))
                .Add("dev", Line(AdapterNames.VerbsDevice))
                .Add("abi_version", Line(AdapterNames.ProviderAbi))
                .Add("device", PciDirectory())));

    private ViewDirectory DeviceDirectory() => new ViewDirectory()
        .Add("node_type", Line("1: CA"))
        .Add("node_guid", Line(Groups(device.NodeGuid)))
        .Add("sys_image_guid", Line(Groups(device.NodeGuid)))
        .Add("node_desc", Line("weft"))
        .Add("fw_ver", Line(AdapterNames.Firmware))
        .Add("hw_rev", Line("1"))
        .Add("hca_type", Line($"MT{AdapterNames.PartId}"))
        .Add("board_id", Line(AdapterNames.Board))
        .Add("device", PciDirectory())
        .Add("ports", new ViewDirectory().Add("1", PortDirectory()));

    private ViewDirectory PortDirectory() => new ViewDirectory()
        .Add("state", Line("4: ACTIVE"))
        .Add("phys_state", Line("5: LinkUp"))
        .Add("link_layer", Line("InfiniBand"))
        .Add("lid", Line($"0x{device.Lid:x}"))
        .Add("lid_mask_count", Line("0"))
        .Add("sm_lid", Line($"0x{device.SubnetManagerLid:x}"))
        .Add("sm_sl", Line("0"))
        .Add("rate", Line("56 Gb/sec (4X FDR)"))
        .Add("cap_mask", Line($"0x{PortDescription.Capabilities:x8}"))
        .Add("gids", new ViewDirectory().Add("0", Line($"{Groups(AdapterNames.LinkLocalPrefix)}:{Groups(device.PortGuid)}")))
        .Add("pkeys", new ViewDirectory().Add("0", Line("0xffff")));

    /// <summary>The device that it seems to be: libibverbs and UCX know it by this.</summary>
    private ViewDirectory PciDirectory() => new ViewDirectory()
        .Add("vendor", Line($"0x{AdapterNames.PciVendorId:x4}"))
        .Add("device", Line($"0x{AdapterNames.PartId:x4}"))
        .Add("subsystem_vendor", Line($"0x{AdapterNames.PciVendorId:x4}"))
        .Add("subsystem_device", Line("0x0049"))
        .Add("class", Line("0x028000"))
        .Add("revision", Line("0x01"))
        .Add("modalias", Line($"pci:v{AdapterNames.PciVendorId:X8}d{AdapterNames.PartId:X8}sv{AdapterNames.PciVendorId:X8}sd00000049bc02sc80i00"))
        .Add("numa_node", Line("-1"))
        .Add("local_cpus", Line(ProcessorNumbers.Mask(context.Processors.Count)))
        .Add("local_cpulist", Line(ProcessorNumbers.List(context.Processors.Count)));

    /// <summary>A GUID or half a GID, as sysfs writes it: "0002:c903:0000:0001".</summary>
    private static string Groups(ulong half) => $"{half >> 48:x4}:{half >> 32 & 0xffff:x4}:{half >> 16 & 0xffff:x4}:{half & 0xffff:x4}";

    private static ViewFile Line<T>(T text) => ViewFile.Constant($"{text}\n");
}
