namespace Weft.Linux.Files;

/// <summary>A place that a walk has reached.</summary>
internal struct PathLevel
{
    /// <summary>The path as the program sees it, "" for the root; a char a byte.</summary>
    internal string Path;

    /// <summary>O_PATH descriptor of the host, or -1 where the host has nothing.</summary>
    internal int Host;

    /// <summary>The walk closes <see cref="Host"/>.</summary>
    internal bool IsOwned;

    /// <summary>The mount it is in; null outside of all.</summary>
    internal Mount? Mount;

    /// <summary>What the VM's own view has here instead of the host.</summary>
    internal VirtualNode? Node;

    /// <summary>A descriptor from outside the mounts is the root of what can be reached from it.</summary>
    internal bool IsDetached;

    /// <summary>The VM's own view gave this file out: it may be on procfs.</summary>
    internal bool IsGranted;
}
