namespace Weft.Adapter.Connections;

/// <summary>Why a connection is refused. Source: the InfiniBand specification, volume 1, table 106 (Linux's enum ib_cm_rej_reason).</summary>
public static class RejectReason
{
    /// <summary>No room.</summary>
    public const ushort NoResources = 3;

    /// <summary>The other end does not answer.</summary>
    public const ushort Timeout = 4;

    /// <summary>Nobody listens there.</summary>
    public const ushort InvalidService = 8;

    /// <summary>The program's own reasons.</summary>
    public const ushort ConsumerDefined = 28;
}
