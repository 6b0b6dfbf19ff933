namespace Weft.Linux.Loading;

/// <summary>A range of bytes in a file, known to lie within it.</summary>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct FileRange(long Offset, int Length);
