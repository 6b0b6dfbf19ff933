namespace Weft.Adapter.Remote;

/// <summary>What a message between two daemons' engines is.</summary>
internal enum RemoteKind : byte
{
    /// <summary>A piece of a connected queue pair's request.</summary>
    Request = 1,

    /// <summary>All requests up to a number are done.</summary>
    Acknowledge,

    /// <summary>All requests before a number are done, and that one is not.</summary>
    Refuse,

    /// <summary>A piece of what a READ asked for.</summary>
    ReadData,

    /// <summary>What was there before an atomic operation.</summary>
    AtomicResult,

    /// <summary>A datagram, its 40 bytes of header first.</summary>
    Datagram,

    /// <summary>A datagram to all members of a group.</summary>
    GroupDatagram,

    /// <summary>Connection management's: a <see cref="Connections.ConnectionMessage"/> follows.</summary>
    Connection,
}
