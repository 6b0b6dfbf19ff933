namespace Weft.Adapter.Mlx4;

/// <summary>A completion entry's 32 bytes, as they are stored.</summary>
/// <param name="First">Bytes 0 to 7.</param>
/// <param name="Second">Bytes 8 to 15.</param>
/// <param name="Third">Bytes 16 to 23.</param>
/// <param name="Last">Bytes 24 to 31, the owner bit among them: stored last.</param>
internal readonly record struct Mlx4Entry(ulong First, ulong Second, ulong Third, ulong Last);
