namespace Weft.Linux.Checkpoint;

/// <summary>Adjacent pages whose contents cross; in the data file they stand one run after the other.</summary>
/// <param name="Start">The program's address.</param>
/// <param name="LengthBytes">A multiple of the page size.</param>
public readonly record struct PageRun(ulong Start, ulong LengthBytes);
