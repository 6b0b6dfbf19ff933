namespace Weft.Adapter.Connections;

/// <summary>What one endpoint tells another: REQ, REP, RTU, REJ, DREQ and SIDR of the InfiniBand specification.</summary>
public enum ConnectionMessageKind : uint
{
    /// <summary>REQ or SIDR_REQ, to an address.</summary>
    Request = 1,

    /// <summary>REP or SIDR_REP, to the caller.</summary>
    Reply,

    /// <summary>RTU.</summary>
    Ready,

    /// <summary>REJ, or SIDR_REP without success.</summary>
    Reject,

    /// <summary>DREQ. Nothing answers: both ends are disconnected from then on.</summary>
    Disconnect,
}
