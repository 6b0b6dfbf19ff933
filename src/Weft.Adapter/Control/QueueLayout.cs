using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>Where a ring of fixed slots lies in its object's buffer.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueueLayout
{
    /// <summary>First byte in the buffer.</summary>
    public uint OffsetBytes;

    /// <summary>Number of slots: a power of two, 0 for no ring.</summary>
    public uint Count;

    /// <summary>Slot size as a power of two.</summary>
    public uint StrideShift;

    /// <summary>Most scatter/gather entries of a slot.</summary>
    public uint MostSegments;
}
