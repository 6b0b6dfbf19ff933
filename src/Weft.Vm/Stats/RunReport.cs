namespace Weft.Vm.Stats;

/// <summary>What --stats writes. docs/stats.md explains each member.</summary>
public sealed record RunReport
{
    /// <summary>The version of this layout.</summary>
    public int Schema { get; init; } = 1;

    /// <summary>The VM's --name, or null.</summary>
    public string? Name { get; init; }

    /// <summary>The VM's group, or null.</summary>
    public GroupReport? Group { get; init; }

    /// <summary>The program's path.</summary>
    public string Program { get; init; } = "";

    /// <summary>The program's exit status by a shell's convention.</summary>
    public int ExitStatus { get; init; }

    /// <summary>Times of the run.</summary>
    public required RunTimes Time { get; init; }

    /// <summary>"total", and each reason of <see cref="Linux.ExitReason"/>.</summary>
    public required IReadOnlyDictionary<string, long> Exits { get; init; }

    /// <summary>By name, then by way: "exit", "attendant", "stub".</summary>
    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, CallReport>> SystemCalls { get; init; }

    /// <summary>Calls that Weft has no handler for, by name: they got ENOSYS.</summary>
    public required IReadOnlyDictionary<string, long> UnknownCalls { get; init; }

    /// <summary>Page faults that reached the VMM, by outcome.</summary>
    public required FaultReport PageFaults { get; init; }

    /// <summary>Memory at the end.</summary>
    public required MemoryReport Memory { get; init; }

    /// <summary>Virtual processors created, and processors that the program was shown.</summary>
    public required ProcessorReport Processors { get; init; }

    /// <summary>The most threads that lived at a time.</summary>
    public int PeakThreads { get; init; }

    /// <summary>The RDMA adapter; null without --adapter.</summary>
    public AdapterUseReport? Adapter { get; init; }
}
