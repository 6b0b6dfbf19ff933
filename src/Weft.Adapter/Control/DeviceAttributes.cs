using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>What the VM's device is: fixed while the VM lives.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DeviceAttributes
{
    /// <summary>GUID of node and system image.</summary>
    public ulong NodeGuid;

    /// <summary>GUID of the port: the lower half of GID 0, whose upper half is fe80::/64.</summary>
    public ulong PortGuid;

    /// <summary>The port's LID, unique in the cluster: 1 to 0xbfff.</summary>
    public ushort Lid;

    /// <summary>The subnet manager's LID.</summary>
    public ushort SubnetManagerLid;

    /// <summary>The most queue pairs of a VM.</summary>
    public uint MostQueuePairs;

    /// <summary>The most completion queues of a VM.</summary>
    public uint MostCompletionQueues;

    /// <summary>The most regions of a VM.</summary>
    public uint MostRegions;

    /// <summary>The most shared receive queues of a VM.</summary>
    public uint MostSharedReceiveQueues;

    /// <summary>Entries of the table that the provider library keeps of a context's queue numbers: their low bits are unique in it. A power of two.</summary>
    public uint QueueTableSize;

    /// <summary>How the engine behind it waits for work.</summary>
    public EngineMode Engine;

    /// <summary>The number of the VM's host in its cluster; 0 for a host alone.</summary>
    public ushort Host;

    /// <summary>0.</summary>
    public ushort Reserved;
}
