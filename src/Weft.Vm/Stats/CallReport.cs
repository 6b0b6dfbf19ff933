namespace Weft.Vm.Stats;

/// <summary>One system call by one way.</summary>
/// <param name="Count">How often.</param>
/// <param name="Ns">Time in its handler in all, waiting included.</param>
public sealed record CallReport(long Count, long Ns);
