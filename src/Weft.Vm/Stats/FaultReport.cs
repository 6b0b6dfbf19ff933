namespace Weft.Vm.Stats;

/// <summary>Page faults that reached the VMM.</summary>
/// <param name="Total">All of them.</param>
/// <param name="Mended">The page was filled in.</param>
/// <param name="NotMapped">SIGSEGV: nothing is mapped there.</param>
/// <param name="AccessDenied">SIGSEGV: the mapping forbids it.</param>
/// <param name="OutOfMemory">The memory limit was reached.</param>
public sealed record FaultReport(long Total, long Mended, long NotMapped, long AccessDenied, long OutOfMemory);
