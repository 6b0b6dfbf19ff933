namespace Weft.Adapter.Control;

/// <summary>enum ibv_qp_type.</summary>
public enum QueuePairType : uint
{
    /// <summary>Reliable connection.</summary>
    ReliableConnection = 2,

    /// <summary>Unreliable connection.</summary>
    UnreliableConnection = 3,

    /// <summary>Unreliable datagram.</summary>
    UnreliableDatagram = 4,

    /// <summary>XRC initiator.</summary>
    XrcSend = 9,

    /// <summary>XRC target.</summary>
    XrcReceive = 10,
}
