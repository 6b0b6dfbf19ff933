namespace Weft.Adapter.Control;

/// <summary>enum ibv_event_type, those that occur here.</summary>
public enum AsyncEventType : uint
{
    /// <summary>A completion queue overran or lost its memory.</summary>
    CompletionQueueError = 0,

    /// <summary>A queue pair broke.</summary>
    QueuePairFatal = 1,

    /// <summary>A malformed request came.</summary>
    RequestError = 2,

    /// <summary>A request without the right came.</summary>
    AccessError = 3,

    /// <summary>The first message came before RTS.</summary>
    CommunicationEstablished = 4,

    /// <summary>The send queue is drained.</summary>
    SendQueueDrained = 5,

    /// <summary>The device is gone.</summary>
    DeviceFatal = 8,

    /// <summary>The port came up.</summary>
    PortActive = 9,

    /// <summary>The port went down.</summary>
    PortError = 10,

    /// <summary>A shared receive queue broke.</summary>
    SharedReceiveQueueError = 14,

    /// <summary>A shared receive queue fell below its limit.</summary>
    SharedReceiveQueueLimit = 15,

    /// <summary>A broken queue pair takes no more from its shared receive queue.</summary>
    LastRequestReached = 16,
}
