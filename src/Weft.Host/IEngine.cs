using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Native;

namespace Weft.Host;

/// <summary>The adapter engine as the daemon runs it. Thread-safe.</summary>
public interface IEngine : IDisposable
{
    /// <summary>Adds a VM; see <see cref="Adapter.Wire.AdapterServer.JoinVm"/>.</summary>
    Errno Join(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm);

    /// <summary>What it holds and did.</summary>
    AdapterSnapshot Snapshot();
}
