using Weft.Adapter.Snapshots;

namespace Weft.Vm.Daemon;

/// <summary>One VM of the adapter.</summary>
public sealed record VmReport
{
    /// <summary>Its process.</summary>
    public int ProcessId { get; init; }

    /// <summary>The name its user gave it, or "".</summary>
    public string Name { get; init; } = "";

    /// <summary>Its program.</summary>
    public string Program { get; init; } = "";

    /// <summary>Its port's LID.</summary>
    public int Lid { get; init; }

    /// <summary>Its port's GID 0.</summary>
    public string Gid { get; init; } = "";

    /// <summary>How long it has been connected.</summary>
    public double JoinedSeconds { get; init; }

    /// <summary>Open contexts.</summary>
    public int Contexts { get; init; }

    /// <summary>Its completion queues.</summary>
    public int CompletionQueues { get; init; }

    /// <summary>Its queue pairs.</summary>
    public int QueuePairs { get; init; }

    /// <summary>Its memory regions.</summary>
    public int Regions { get; init; }

    /// <summary>Their length together.</summary>
    public ulong RegisteredBytes { get; init; }

    /// <summary>Control calls it made.</summary>
    public long ControlCalls { get; init; }

    /// <summary>How long its control calls were held back by the rate limit.</summary>
    public long HeldBackNs { get; init; }

    /// <summary>What its queue pairs did.</summary>
    public TrafficCounts Traffic { get; init; }
}
