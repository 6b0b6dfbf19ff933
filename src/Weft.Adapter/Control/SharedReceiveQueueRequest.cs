using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>What ibv_create_srq asks.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SharedReceiveQueueRequest
{
    /// <summary>What events name the queue by.</summary>
    public ulong UserHandle;

    /// <summary>The protection domain.</summary>
    public uint ProtectionDomain;

    /// <summary>The XRC domain, 0 for none.</summary>
    public uint XrcDomain;

    /// <summary>The completion queue of an XRC one, else 0.</summary>
    public uint CompletionQueue;

    /// <summary>The limit to begin with.</summary>
    public uint Limit;

    /// <summary>The ring.</summary>
    public QueueLayout Ring;

    /// <summary>Where the doorbell record is: one big-endian word (4 bytes).</summary>
    public MemoryExtent Record;
}
