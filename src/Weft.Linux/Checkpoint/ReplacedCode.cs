namespace Weft.Linux.Checkpoint;

/// <summary>Eight bytes of the program's code of which the VMM has replaced some by a jump to code of its own.</summary>
/// <param name="Address">The program's address.</param>
/// <param name="Now">What stands there.</param>
/// <param name="Before">What the program had.</param>
public readonly record struct ReplacedCode(ulong Address, ulong Now, ulong Before);
