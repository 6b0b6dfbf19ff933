using Weft.Fabric;

namespace Weft.Adapter.Snapshots;

/// <summary>What the adapter holds and has done: one moment's view, for people and monitors.</summary>
public sealed record AdapterSnapshot
{
    /// <summary>When it was taken: a clock of this host that never steps back, in nanoseconds.</summary>
    public long TakenNs { get; init; }

    /// <summary>How the engine was told to work: "poll", "event" or "auto".</summary>
    public string Mode { get; init; } = "";

    /// <summary>What it does now: "asleep" when all its threads are, else "polling".</summary>
    public string State { get; init; } = "";

    /// <summary>Processor time of all polling threads since the start.</summary>
    public long ProcessorNs { get; init; }

    /// <summary>How often its threads went to sleep, together.</summary>
    public long Sleeps { get; init; }

    /// <summary>Its polling threads.</summary>
    public IReadOnlyList<ThreadSnapshot> Threads { get; init; } = [];

    /// <summary>The VMs, in the order of their coming.</summary>
    public IReadOnlyList<VmSnapshot> Vms { get; init; } = [];

    /// <summary>The links to the other hosts of its cluster.</summary>
    public IReadOnlyList<LinkSnapshot> Links { get; init; } = [];
}
