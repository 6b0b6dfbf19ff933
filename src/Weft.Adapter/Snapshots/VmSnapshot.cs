namespace Weft.Adapter.Snapshots;

/// <summary>One VM of the adapter.</summary>
public sealed record VmSnapshot
{
    /// <summary>Its VMM's process.</summary>
    public int ProcessId { get; init; }

    /// <summary>Its name, or "".</summary>
    public string Name { get; init; } = "";

    /// <summary>Its program.</summary>
    public string Program { get; init; } = "";

    /// <summary>Its port's LID.</summary>
    public int Lid { get; init; }

    /// <summary>Its port's GUID.</summary>
    public ulong PortGuid { get; init; }

    /// <summary>Open contexts.</summary>
    public int Contexts { get; init; }

    /// <summary>Completion queues.</summary>
    public int CompletionQueues { get; init; }

    /// <summary>All its queue pairs together, ended ones too.</summary>
    public TrafficCounts Traffic { get; init; }

    /// <summary>Its queue pairs.</summary>
    public IReadOnlyList<QueuePairSnapshot> QueuePairs { get; init; } = [];

    /// <summary>Its regions.</summary>
    public IReadOnlyList<RegionSnapshot> Regions { get; init; } = [];
}
