using Weft.Adapter.Snapshots;
using Weft.Native;

namespace Weft.Adapter.Control;

/// <summary>
/// The adapter as one VM sees it. Two implementations: the adapter itself, in the daemon, and the client
/// that reaches it over the daemon's control socket. All calls are thread-safe and may block for as long as
/// the engine takes to answer (well below a millisecond unless rate limited).
/// </summary>
public interface IAdapterVm : IDisposable
{
    /// <summary>What the device offers this VM, its addresses among it.</summary>
    DeviceAttributes Device { get; }

    /// <summary>
    /// Names memory beside the VM's arena: a shared file that the program mapped. The descriptor is duplicated.
    /// Its pages may vanish at any time (truncation): the engine then answers a protection error.
    /// </summary>
    /// <param name="descriptor">A descriptor of the host that can be mapped shared.</param>
    /// <param name="isWritable">Whether it may be mapped writable.</param>
    /// <param name="source">What <see cref="MemoryExtent.Source"/> says of it, above 0.</param>
    Errno AttachMemory(int descriptor, bool isWritable, out int source);

    /// <summary>Forgets memory; regions that use it keep it until they end.</summary>
    Errno DetachMemory(int source);

    /// <summary>What the VM's queue pairs did so far, ended ones too.</summary>
    TrafficCounts CountTraffic() => default;

    /// <summary>A context: what one open of /dev/infiniband/uverbs0 has. Disposing it frees all that it made.</summary>
    Errno OpenContext(out IAdapterContext? context);

    /// <summary>Connection management for the VM: at most one channel. Disposing it closes what it made. EOPNOTSUPP where there is none.</summary>
    Errno OpenConnections(out IConnectionChannel? connections)
    {
        connections = null;
        return Errno.EOPNOTSUPP;
    }
}
