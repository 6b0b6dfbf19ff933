namespace Weft.Adapter.Tests.Guest;

/// <summary>struct ibv_sge.</summary>
internal readonly record struct ScatterEntry(ulong Address, uint LengthBytes, uint Key);
