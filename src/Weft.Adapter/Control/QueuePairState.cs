namespace Weft.Adapter.Control;

/// <summary>enum ibv_qp_state.</summary>
public enum QueuePairState : byte
{
    /// <summary>Fresh.</summary>
    Reset,

    /// <summary>Receives may be posted.</summary>
    Init,

    /// <summary>Ready to receive.</summary>
    ReadyToReceive,

    /// <summary>Ready to send.</summary>
    ReadyToSend,

    /// <summary>Send queue drained.</summary>
    SendQueueDrained,

    /// <summary>Send queue error.</summary>
    SendQueueError,

    /// <summary>Error.</summary>
    Error,
}
