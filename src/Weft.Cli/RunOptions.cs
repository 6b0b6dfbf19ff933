using Weft.Linux;
using Weft.Vm;

namespace Weft.Cli;

/// <summary>What a user asked of `weft run`.</summary>
public sealed record RunOptions
{
    /// <summary>What concerns the VM's kernel.</summary>
    public KernelOptions Kernel { get; init; } = new();

    /// <summary>Whether the run is traced and counted, and where to.</summary>
    public WatchOptions Watching { get; init; } = new(null, null);

    /// <summary>The --env values, in their order.</summary>
    public IReadOnlyList<byte[]> Environment { get; init; } = [];

    /// <summary>PROGRAM and its arguments.</summary>
    public IReadOnlyList<byte[]> Command { get; init; } = [];
}
