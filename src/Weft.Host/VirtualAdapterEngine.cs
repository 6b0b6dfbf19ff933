using Microsoft.Extensions.Logging;
using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Host.Cluster;
using Weft.Host.Logging;
using Weft.Native;

namespace Weft.Host;

/// <summary>The virtual adapter as the daemon's engine.</summary>
/// <param name="adapter">Owned from now on.</param>
/// <param name="log">Why a VM is not taken in.</param>
/// <param name="membership">The host's in its cluster, or null; owned from now on.</param>
internal sealed class VirtualAdapterEngine(VirtualAdapter adapter, ILogger log, ClusterMembership? membership = null) : IEngine
{
    /// <inheritdoc/>
    public Errno Join(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm)
    {
        try
        {
            vm = adapter.AddVm(identity, arenaDescriptor, arenaBytes, doorbell);
            return Errno.None;
        }
        catch (IOException exception)
        {
            log.NoRoom(identity.ProcessId, exception.Message);
            vm = null;
            return Errno.ENOMEM;
        }
    }

    /// <inheritdoc/>
    public AdapterSnapshot Snapshot() => adapter.Snapshot();

    /// <inheritdoc/>
    public void Dispose()
    {
        membership?.Dispose();
        adapter.Dispose();
    }
}
