namespace Weft.Adapter.Connections;

/// <summary>How far an endpoint is. Source: the InfiniBand specification, volume 1, 12.9.</summary>
internal enum EndpointState
{
    /// <summary>At its port.</summary>
    Idle,

    /// <summary>Takes requests.</summary>
    Listening,

    /// <summary>Has called.</summary>
    RequestSent,

    /// <summary>Was called; its program decides.</summary>
    RequestReceived,

    /// <summary>Has accepted; the caller is to say that it is ready.</summary>
    ReplySent,

    /// <summary>Was accepted; its program is to say that it is ready.</summary>
    ReplyReceived,

    /// <summary>Both are ready.</summary>
    Established,

    /// <summary>A datagram request was answered: there is no connection to end.</summary>
    Answered,

    /// <summary>Refused or disconnected.</summary>
    Over,
}
