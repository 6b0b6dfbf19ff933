namespace Weft.Vm.Daemon;

/// <summary>GET /regions: one memory region.</summary>
/// <param name="ProcessId">Its VM's process.</param>
/// <param name="RemoteKey">rkey.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Access">enum ibv_access_flags.</param>
public sealed record RegionReport(int ProcessId, uint RemoteKey, ulong LengthBytes, uint Access);
