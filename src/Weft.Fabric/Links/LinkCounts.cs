namespace Weft.Fabric.Links;

/// <summary>What went over a link since it was made.</summary>
public struct LinkCounts
{
    /// <summary>Messages committed.</summary>
    public long MessagesSent;

    /// <summary>Messages delivered.</summary>
    public long MessagesReceived;

    /// <summary>Bytes given to connections, again after a loss included.</summary>
    public long BytesSent;

    /// <summary>Bytes taken from connections.</summary>
    public long BytesReceived;

    /// <summary>Connections opened.</summary>
    public long Connections;

    /// <summary>Sessions that went on over a new connection.</summary>
    public long Resumptions;

    /// <summary>Sessions that broke.</summary>
    public long Breaks;
}
