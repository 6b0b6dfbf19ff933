using Weft.Fabric;

namespace Weft.Adapter;

/// <summary>How an adapter works.</summary>
public sealed record EngineOptions
{
    private const int CoresAThread = 4, MostDefaultThreads = 4;

    /// <summary>How its engine waits.</summary>
    public EngineMode Mode { get; init; }

    /// <summary>The most polling threads.</summary>
    public const int MostThreads = 16;

    /// <summary>How many threads poll, 1 to <see cref="MostThreads"/>. Each VM's requests are carried out by one of them.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// As many threads as suit this host: one up to four cores, where each more would take a core from the programs it
    /// serves; beyond that one of four cores, four at most.
    /// </summary>
    public static int DefaultThreads => Math.Clamp(Environment.ProcessorCount / CoresAThread, 1, MostDefaultThreads);

    /// <summary>The first LID that it gives out: a cluster gives each host a range of its own.</summary>
    public ushort FirstLid { get; init; } = 1;

    /// <summary>How it is linked with the other hosts of its cluster; null for a host alone.</summary>
    public FabricOptions? Fabric { get; init; }

    /// <summary>How many LIDs it may give out.</summary>
    public ushort LidCount { get; init; } = 0xbfff;

    /// <summary>The upper bits of node and port GUIDs; a VM's LID stands below them.</summary>
    public ulong GuidPrefix { get; init; } = 0x0002_c903_0000_0000;
}
