using Weft.Adapter.Control;

namespace Weft.Adapter;

/// <summary>A send request, decoded from a private copy of its slot. Reused by the engine for every request.</summary>
internal sealed class SendRequest
{
    internal const int MostSlotBytes = 1024;
    internal const int MostSegments = MostSlotBytes / 16;

    /// <summary>The private copy; inline data is read from it.</summary>
    internal readonly byte[] Slot = GC.AllocateArray<byte>(MostSlotBytes, pinned: true);

    internal readonly Segment[] Segments = new Segment[MostSegments];
    internal int SegmentCount;
    internal bool IsInline;
    internal ulong TotalBytes;
    internal RequestKind Kind;

    /// <summary>The provider's number of the operation: completions repeat it.</summary>
    internal byte ProviderOpcode;

    internal bool IsSignalled;
    internal bool IsSolicited;

    /// <summary>Whether it waits for all earlier READs and atomic operations.</summary>
    internal bool IsFenced;

    // Of a request from another host: who sent it.
    internal ushort SourceLid;
    internal uint SourcePair;

    /// <summary>As the program gave it; passed on unchanged.</summary>
    internal uint Immediate;

    internal ulong RemoteAddress;
    internal uint RemoteKey;
    internal ulong SwapOrAdd;
    internal ulong Compare;

    /// <summary>The shared receive queue that an XRC request names.</summary>
    internal uint SharedReceiveQueue;

    // A datagram's destination.
    internal PathAddress Destination;
    internal uint DestinationQueuePair;
    internal uint QueueKey;

    // A window's binding.
    internal AccessRights BindAccess;
    internal bool BindsType2;
    internal bool BindsZeroBased;
    internal uint NewKey;
    internal uint RegionKey;
    internal ulong BindAddress;
    internal ulong BindBytes;

    /// <summary>Whether it changes or reads the peer's memory, or takes one of its receives.</summary>
    internal bool IsLocal => Kind is RequestKind.Bind or RequestKind.LocalInvalidate;

    /// <summary>Whether it binds a window or takes a binding back: here, or at the peer.</summary>
    internal bool ChangesWindow => Kind is RequestKind.Bind or RequestKind.LocalInvalidate or RequestKind.SendInvalidate;

    /// <summary>Whether the peer needs a receive request for it.</summary>
    internal bool TakesReceive => Kind is RequestKind.Send or RequestKind.SendImmediate or RequestKind.SendInvalidate or RequestKind.WriteImmediate;
}
