namespace Weft.Adapter.Control;

/// <summary>What happened to an endpoint.</summary>
public enum ConnectionEventKind : uint
{
    /// <summary>Somebody wants to connect to a listener: there is a new endpoint.</summary>
    Request = 1,

    /// <summary>The listener's program accepts: the connecting one gets its queue pair ready and accepts too.</summary>
    Reply,

    /// <summary>Both are ready. Of datagrams: what to send to is known.</summary>
    Established,

    /// <summary>The other end refuses, or nobody listens.</summary>
    Rejected,

    /// <summary>The connection is over.</summary>
    Disconnected,
}
