namespace Weft.Linux.Processes;

/// <summary>Settings of a thread that a new thread takes over from its maker.</summary>
/// <remarks>Single references: a mask is replaced, never changed, so that other threads may read it.</remarks>
public sealed class ThreadAttributes
{
    /// <summary>The processors that the thread may use, lowest first, 64 a word; null for all of the VM's.</summary>
    internal ulong[]? Affinity { get; set; }

    /// <summary>MPOL_* of set_mempolicy, with its flags.</summary>
    internal int MemoryPolicy { get; set; }

    /// <summary>The nodes of that policy: bit 0 or nothing.</summary>
    internal ulong MemoryPolicyNodes { get; set; }

    /// <summary>PR_SET_KEEPCAPS.</summary>
    internal bool KeepsCapabilities { get; set; }

    /// <summary>Takes over what a new thread inherits. Call before the new thread runs.</summary>
    public void InheritFrom(ThreadAttributes parent)
    {
        Affinity = parent.Affinity;
        MemoryPolicy = parent.MemoryPolicy;
        MemoryPolicyNodes = parent.MemoryPolicyNodes;
    }
}
