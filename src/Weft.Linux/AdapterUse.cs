namespace Weft.Linux;

/// <summary>Whether a VM has an RDMA adapter, and which way its engine is asked to work.</summary>
public enum AdapterUse
{
    /// <summary>No adapter.</summary>
    None,

    /// <summary>An adapter, however the daemon's engine works.</summary>
    Any,

    /// <summary>An engine that always polls.</summary>
    Poll,

    /// <summary>An engine that sleeps whenever it has nothing to do.</summary>
    Event,

    /// <summary>An engine that polls while that pays.</summary>
    Auto,
}
