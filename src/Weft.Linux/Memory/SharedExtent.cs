namespace Weft.Linux.Memory;

/// <summary>A piece of pinned memory, as others can map it.</summary>
/// <param name="Offset">First byte: of the arena's memfd, or of the descriptor's file.</param>
/// <param name="LengthBytes">Its length in bytes, a multiple of the page size.</param>
/// <param name="Descriptor">-1 for the arena; else a descriptor of the host's, valid while the pin lives and the same for all pins of one mapping.</param>
/// <param name="IsWritable">Whether it may be written there: always in the arena, else as the program opened the file.</param>
public readonly record struct SharedExtent(ulong Offset, ulong LengthBytes, int Descriptor, bool IsWritable);
