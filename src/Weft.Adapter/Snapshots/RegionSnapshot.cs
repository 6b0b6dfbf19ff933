namespace Weft.Adapter.Snapshots;

/// <summary>One memory region.</summary>
/// <param name="RemoteKey">rkey.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Access">enum ibv_access_flags.</param>
public sealed record RegionSnapshot(uint RemoteKey, ulong LengthBytes, uint Access);
