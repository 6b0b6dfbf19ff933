namespace Weft.Adapter.Control;

/// <summary>enum rdma_ucm_port_space: ports of one are no ports of another.</summary>
public enum ConnectionSpace : uint
{
    /// <summary>Connections.</summary>
    Stream = 0x106,

    /// <summary>Datagrams: the listener tells its queue pair, and nothing is connected.</summary>
    Datagram = 0x111,

    /// <summary>Connections by InfiniBand's own names, here by address too: XRC programs use it.</summary>
    InfiniBand = 0x13f,
}
