namespace Weft.Vm;

/// <summary>What is written down of a run. Null for nothing, "" for standard error, else a file's path.</summary>
/// <param name="Trace">A line a system call and signal.</param>
/// <param name="Statistics">JSON at the end.</param>
public sealed record WatchOptions(string? Trace, string? Statistics);
