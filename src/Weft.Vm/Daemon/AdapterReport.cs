using Weft.Adapter.Snapshots;

namespace Weft.Vm.Daemon;

/// <summary>GET /adapter: the engine and its VMs.</summary>
/// <param name="TakenNs">When, on a clock that never steps back: two reports give rates.</param>
/// <param name="Engine">How it was told to work: "poll", "event" or "auto".</param>
/// <param name="State">What it does: "polling" or "asleep".</param>
/// <param name="EngineProcessorNs">Processor time of its polling threads.</param>
/// <param name="Sleeps">How often it went to sleep.</param>
/// <param name="Traffic">Of all VMs that are there.</param>
/// <param name="Vms">GET /vms: the VMs.</param>
/// <param name="Links">To the other hosts of the cluster.</param>
public sealed record AdapterReport(
    long TakenNs, string Engine, string State, long EngineProcessorNs, long Sleeps, TrafficCounts Traffic, IReadOnlyList<VmReport> Vms,
    IReadOnlyList<LinkReport> Links)
{
    /// <summary>The engine's polling threads.</summary>
    public IReadOnlyList<ThreadSnapshot> Threads { get; init; } = [];
}
