using Weft.Linux.Files;

namespace Weft.Linux.Verbs;

/// <summary>
/// What the VM's RDMA device is called and takes itself for: a ConnectX-3, served by rdma-core's provider "mlx4".
/// </summary>
internal static class AdapterNames
{
    internal const string Device = "mlx4_0", Verbs = "uverbs0", Connections = "rdma_cm";

    /// <summary>The index by which netlink and rdma_cm name the device.</summary>
    internal const uint Index = 0;

    internal const uint PortCount = 1;

    /// <summary>IB_USER_VERBS_ABI_VERSION, MLX4_IB_UVERBS_ABI_VERSION, RDMA_USER_CM_ABI_VERSION, enum rdma_driver_id. Source: rdma/*.h.</summary>
    internal const uint VerbsAbi = 6, ProviderAbi = 4, ConnectionsAbi = 4, DriverId = 2;

    /// <summary>PCI numbers of a ConnectX-3, that programs choose their ways by.</summary>
    internal const uint VendorId = 0x2c9, PciVendorId = 0x15b3, PartId = 0x1003;

    internal const string Firmware = "2.42.5000", Board = "WEFT0000001";

    /// <summary>The firmware's version as verbs tell it: major, minor and subminor, 16 bits each from bit 32 down.</summary>
    internal const ulong FirmwareNumber = 2UL << 32 | 42 << 16 | 5000;

    /// <summary>IB_UVERBS_MAJOR and IB_UVERBS_BASE_MINOR. Source: drivers/infiniband/core/uverbs_main.c.</summary>
    internal static readonly DeviceNumber VerbsDevice = new(231, 192);

    /// <summary>A miscellaneous device; these minors are given out as drivers ask.</summary>
    internal static readonly DeviceNumber ConnectionsDevice = new(10, 58);

    /// <summary>Upper half of link-local GIDs.</summary>
    internal const ulong LinkLocalPrefix = 0xfe80UL << 48;
}
