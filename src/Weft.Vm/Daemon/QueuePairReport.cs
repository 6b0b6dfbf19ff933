using Weft.Adapter.Snapshots;

namespace Weft.Vm.Daemon;

/// <summary>GET /queue-pairs: one queue pair.</summary>
/// <param name="ProcessId">Its VM's process.</param>
/// <param name="Number">QPN.</param>
/// <param name="Type">Its transport.</param>
/// <param name="State">Its state.</param>
/// <param name="DestinationLid">Its peer's LID, 0 for none.</param>
/// <param name="DestinationNumber">Its peer's QPN, 0 for none.</param>
/// <param name="Traffic">What it did.</param>
public sealed record QueuePairReport(
    int ProcessId, uint Number, string Type, string State, int DestinationLid, uint DestinationNumber, TrafficCounts Traffic);
