using Weft.Fabric;

namespace Weft.Adapter;

/// <summary>How an adapter works.</summary>
public sealed record EngineOptions
{
    /// <summary>How its engine waits.</summary>
    public EngineMode Mode { get; init; }

    /// <summary>The first LID that it gives out: a cluster gives each host a range of its own.</summary>
    public ushort FirstLid { get; init; } = 1;

    /// <summary>How it is linked with the other hosts of its cluster; null for a host alone.</summary>
    public FabricOptions? Fabric { get; init; }

    /// <summary>How many LIDs it may give out.</summary>
    public ushort LidCount { get; init; } = 0xbfff;

    /// <summary>The upper bits of node and port GUIDs; a VM's LID stands below them.</summary>
    public ulong GuidPrefix { get; init; } = 0x0002_c903_0000_0000;
}
