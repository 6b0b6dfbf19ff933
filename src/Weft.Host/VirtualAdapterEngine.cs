using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Native;

namespace Weft.Host;

/// <summary>The adapter itself.</summary>
internal sealed class VirtualAdapterEngine : IEngine
{
    private readonly EngineMode _mode;

    private VirtualAdapterEngine(EngineMode mode) => _mode = mode;

    /// <summary>An engine that runs.</summary>
    internal static IEngine Create(EngineMode mode) => new VirtualAdapterEngine(mode);

    /// <inheritdoc/>
    public Errno Join(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm)
    {
        vm = null;
        return Errno.EOPNOTSUPP;
    }

    /// <inheritdoc/>
    public AdapterSnapshot Snapshot() => new() { Mode = _mode.ToString().ToLowerInvariant(), State = "asleep" };

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
