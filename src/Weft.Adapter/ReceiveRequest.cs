namespace Weft.Adapter;

/// <summary>A receive request that a queue pair has taken and not completed yet, in a private copy.</summary>
internal sealed class ReceiveRequest
{
    internal readonly Segment[] Segments;
    internal int SegmentCount;
    internal ulong CapacityBytes;

    /// <summary>The slot's index: completions of a shared queue tell it.</summary>
    internal ushort Index;

    /// <summary>Whether there is one.</summary>
    internal bool IsHeld;

    /// <summary>The shared queue it came from, null for the queue pair's own ring.</summary>
    internal SharedReceiveQueue? Shared;

    internal ReceiveRequest(int mostSegments) => Segments = new Segment[mostSegments];
}
