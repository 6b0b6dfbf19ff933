namespace Weft.Linux.Checkpoint;

/// <summary>One of the program's descriptors.</summary>
/// <param name="Number">The program's number.</param>
/// <param name="File">Index of its open file.</param>
/// <param name="ClosesOnExec">FD_CLOEXEC.</param>
public readonly record struct NumberState(int Number, int File, bool ClosesOnExec);
