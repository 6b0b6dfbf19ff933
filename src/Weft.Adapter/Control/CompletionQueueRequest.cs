using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>What ibv_create_cq asks.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CompletionQueueRequest
{
    /// <summary>What events name the queue by.</summary>
    public ulong UserHandle;

    /// <summary>Number of entries less one: 2^n-1.</summary>
    public uint Entries;

    /// <summary>Bytes of an entry: 32 or 64.</summary>
    public uint EntryBytes;

    /// <summary>The completion channel's handle, or 0 for none.</summary>
    public uint Channel;

    /// <summary>The event vector asked.</summary>
    public uint Vector;

    /// <summary>Not 0: entries tell the time of their completion, instead of a datagram's LID and service level.</summary>
    public ulong HasTimestamps;

    /// <summary>Where the doorbell record is: two big-endian words (8 bytes, within one page).</summary>
    public MemoryExtent Record;
}
