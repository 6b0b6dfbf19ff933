namespace Weft.Linux;

/// <summary>What a process runs, for /proc/self.</summary>
/// <param name="ExecutablePath">Absolute path of the executable on the host, without links.</param>
/// <param name="Arguments">argv, in the program's encoding.</param>
/// <param name="Environment">envp at the start.</param>
/// <param name="AuxiliaryVector">The auxiliary vector's bytes, for /proc/self/auxv.</param>
/// <param name="ArgumentsStart">Guest address of the first argument string.</param>
/// <param name="EnvironmentStart">Guest address of the first environment string.</param>
/// <param name="StackTop">One past the highest address of the main stack.</param>
public sealed record ProgramImage(
    string ExecutablePath,
    IReadOnlyList<byte[]> Arguments,
    IReadOnlyList<byte[]> Environment,
    byte[] AuxiliaryVector,
    ulong ArgumentsStart,
    ulong EnvironmentStart,
    ulong StackTop);
