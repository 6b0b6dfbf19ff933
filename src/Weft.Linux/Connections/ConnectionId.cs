using Weft.Adapter.Control;

namespace Weft.Linux.Connections;

/// <summary>What a program has by the name of an rdma_cm_id. All under the service's lock.</summary>
internal sealed class ConnectionId
{
    /// <summary>The program's number of it.</summary>
    internal required uint Number { get; init; }

    /// <summary>The device file whose queue its events go to.</summary>
    internal required ConnectionsFile File { get; set; }

    /// <summary>Whose ports; not of <see cref="ConnectionSpace"/> for ids that only probe.</summary>
    internal required ConnectionSpace Space { get; init; }

    /// <summary>What its events are told by; 0 until the program has named a new connection.</summary>
    internal ulong UserId { get; set; }

    /// <summary>The adapter's endpoint, 0 for none yet.</summary>
    internal uint Endpoint { get; set; }

    internal ServiceAddress Local { get; set; }

    internal ServiceAddress Remote { get; set; }

    /// <summary>The remote address is one of this host's.</summary>
    internal bool IsRemoteHere { get; set; }

    /// <summary>It has the device: its address is not "any".</summary>
    internal bool HasDevice { get; set; }

    /// <summary>The way is known.</summary>
    internal bool HasRoute { get; set; }

    internal bool IsListening { get; set; }

    /// <summary>It came with a request: the listener.</summary>
    internal ConnectionId? Listener { get; init; }

    /// <summary>It is a membership in a multicast group: whose.</summary>
    internal ConnectionId? Parent { get; init; }

    internal ushort RemoteLid { get; set; }

    internal GlobalAddress RemoteGid { get; set; }

    /// <summary>What this end told, or will tell: the PSN stays the same.</summary>
    internal ConnectionParameters Own { get; set; }

    /// <summary>What the other end told.</summary>
    internal ConnectionParameters Peer { get; set; }

    /// <summary>The other end's queue pair is known.</summary>
    internal bool HasPeer { get; set; }

    /// <summary>How many events the program was given of it.</summary>
    internal uint EventsReported { get; set; }

    internal bool MayShare { get; set; }

    internal bool IsDatagram => Space == ConnectionSpace.Datagram;
}
