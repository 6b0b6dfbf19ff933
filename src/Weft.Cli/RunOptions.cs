using Weft.Linux;

namespace Weft.Cli;

/// <summary>What a user asked of `weft run`.</summary>
public sealed record RunOptions
{
    /// <summary>What concerns the VM's kernel.</summary>
    public KernelOptions Kernel { get; init; } = new();

    /// <summary>Where the trace goes: null for none, "" for standard error, else a file.</summary>
    public string? Trace { get; init; }

    /// <summary>Where statistics go: null for none, "" for standard error, else a file.</summary>
    public string? Stats { get; init; }

    /// <summary>The --env values, in their order.</summary>
    public IReadOnlyList<byte[]> Environment { get; init; } = [];

    /// <summary>PROGRAM and its arguments.</summary>
    public IReadOnlyList<byte[]> Command { get; init; } = [];
}
