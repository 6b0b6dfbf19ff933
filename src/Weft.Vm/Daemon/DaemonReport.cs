namespace Weft.Vm.Daemon;

/// <summary>GET /: the daemon itself.</summary>
/// <param name="Version">Weft's version.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="Engine">"poll", "event" or "auto".</param>
/// <param name="GraceSeconds">How long it outlives its last VM; null for ever.</param>
/// <param name="UptimeSeconds">How long it has run.</param>
/// <param name="VmCount">VMs that use it.</param>
/// <param name="ProcessorNs">Processor time of the whole daemon.</param>
/// <param name="ResidentBytes">Its memory.</param>
public sealed record DaemonReport(
    string Version, int ProcessId, string Engine, double? GraceSeconds, double UptimeSeconds, int VmCount, long ProcessorNs, long ResidentBytes);
