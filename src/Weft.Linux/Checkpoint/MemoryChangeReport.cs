namespace Weft.Linux.Checkpoint;

/// <summary>Takes bytes of the program's memory that differ from what they were.</summary>
internal delegate void MemoryChangeReport(ulong address, ReadOnlySpan<byte> bytes);
