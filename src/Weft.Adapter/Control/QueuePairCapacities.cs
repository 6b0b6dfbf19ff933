using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>struct ibv_qp_cap and what else a query tells beside the attributes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueuePairCapacities
{
    /// <summary>Most send requests.</summary>
    public uint SendRequests;

    /// <summary>Most receive requests.</summary>
    public uint ReceiveRequests;

    /// <summary>Most segments of a send.</summary>
    public uint SendSegments;

    /// <summary>Most segments of a receive.</summary>
    public uint ReceiveSegments;

    /// <summary>Most inline bytes.</summary>
    public uint Inline;

    /// <summary>1: every send completes visibly.</summary>
    public uint SignalsAll;
}
