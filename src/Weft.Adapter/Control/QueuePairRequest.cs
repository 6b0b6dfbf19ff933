using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>What ibv_create_qp asks.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueuePairRequest
{
    /// <summary>What events name the queue pair by.</summary>
    public ulong UserHandle;

    /// <summary>The transport.</summary>
    public QueuePairType Type;

    /// <summary>The protection domain; of an XRC target 0.</summary>
    public uint ProtectionDomain;

    /// <summary>Where sends complete; of an XRC target 0.</summary>
    public uint SendQueue;

    /// <summary>Where receives complete; of XRC 0.</summary>
    public uint ReceiveQueue;

    /// <summary>The shared receive queue, 0 for none.</summary>
    public uint SharedReceiveQueue;

    /// <summary>The XRC domain of an XRC target, else 0.</summary>
    public uint XrcDomain;

    /// <summary>1: every send completes visibly.</summary>
    public uint SignalsAll;

    /// <summary>The most inline bytes, for queries.</summary>
    public uint MostInline;

    /// <summary>The send ring.</summary>
    public QueueLayout Send;

    /// <summary>The receive ring; none with a shared one.</summary>
    public QueueLayout Receive;

    /// <summary>Where the receive ring's doorbell record is: one big-endian word (4 bytes); length 0 for none.</summary>
    public MemoryExtent Record;
}
