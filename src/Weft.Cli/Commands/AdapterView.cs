namespace Weft.Cli.Commands;

/// <summary>What `weft adapter` lists.</summary>
public enum AdapterView
{
    /// <summary>A line a VM.</summary>
    Vms,

    /// <summary>A line a queue pair.</summary>
    QueuePairs,

    /// <summary>A line a memory region.</summary>
    Regions,
}
