namespace Weft.Adapter.Snapshots;

/// <summary>One queue pair.</summary>
public sealed record QueuePairSnapshot
{
    /// <summary>QPN.</summary>
    public uint Number { get; init; }

    /// <summary>"RC", "UC", "UD", "XRC send", "XRC receive".</summary>
    public string Type { get; init; } = "";

    /// <summary>"RESET", "INIT", "RTR", "RTS", "SQD", "SQE", "ERR".</summary>
    public string State { get; init; } = "";

    /// <summary>The peer's LID, 0 when it has none.</summary>
    public int DestinationLid { get; init; }

    /// <summary>The peer's QPN, 0 when it has none.</summary>
    public uint DestinationNumber { get; init; }

    /// <summary>What it did.</summary>
    public TrafficCounts Traffic { get; init; }
}
