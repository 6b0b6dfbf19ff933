namespace Weft.Adapter.Tests.Guest;

/// <summary>What ibv_bind_mw asks. Access as enum ibv_access_flags.</summary>
internal readonly record struct WindowBinding(bool IsType2, uint Access, bool IsZeroBased, uint NewKey, uint RegionKey, ulong Address, ulong LengthBytes);
