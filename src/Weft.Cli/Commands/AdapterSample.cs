using Weft.Vm.Daemon;

namespace Weft.Cli.Commands;

/// <summary>What the daemon told at one moment.</summary>
/// <param name="Adapter">The engine and the VMs.</param>
/// <param name="QueuePairs">The queue pairs, when asked for.</param>
/// <param name="Regions">The regions, when asked for.</param>
public sealed record AdapterSample(AdapterReport Adapter, IReadOnlyList<QueuePairReport> QueuePairs, IReadOnlyList<RegionReport> Regions);
