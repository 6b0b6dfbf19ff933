using Weft.Adapter;
using Weft.Host.Cluster;

namespace Weft.Host;

/// <summary>How a daemon works.</summary>
public sealed record DaemonOptions
{
    /// <summary>When the engine polls.</summary>
    public EngineMode Engine { get; init; }

    /// <summary>How many threads poll.</summary>
    public int EngineThreads { get; init; } = EngineOptions.DefaultThreads;

    /// <summary>How long the daemon outlives its last VM; null for ever.</summary>
    public TimeSpan? Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The cluster that the host belongs to; null for a host alone.</summary>
    public ClusterOptions? Cluster { get; init; }

    /// <summary>Stay in the terminal.</summary>
    public bool IsForeground { get; init; }

    /// <summary>Log what happens, not only what goes wrong.</summary>
    public bool IsVerbose { get; init; }

    /// <summary>Where the one who started the daemon waits to hear that it serves; -1 for nowhere.</summary>
    public int ReadyDescriptor { get; init; } = -1;
}
