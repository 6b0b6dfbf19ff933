namespace Weft.Linux.Checkpoint;

/// <summary>The VMM's descriptors on which a run is written down; -1 for none.</summary>
/// <param name="Trace">A line a system call and signal.</param>
/// <param name="Statistics">JSON at the end.</param>
public readonly record struct WatchDescriptors(int Trace, int Statistics)
{
    /// <summary>Nothing is written down.</summary>
    public static WatchDescriptors None => new(-1, -1);
}
