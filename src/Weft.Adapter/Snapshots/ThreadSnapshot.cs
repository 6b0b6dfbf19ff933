namespace Weft.Adapter.Snapshots;

/// <summary>One polling thread of the engine.</summary>
/// <param name="State">"polling", "asleep".</param>
/// <param name="ProcessorNs">Processor time since its start.</param>
/// <param name="Sleeps">How often it went to sleep.</param>
/// <param name="Vms">How many VMs it serves.</param>
public sealed record ThreadSnapshot(string State, long ProcessorNs, long Sleeps, int Vms);
