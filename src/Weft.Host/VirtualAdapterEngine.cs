using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Native;

namespace Weft.Host;

/// <summary>The adapter itself.</summary>
internal sealed class VirtualAdapterEngine : IEngine
{
    private readonly VirtualAdapter _adapter;

    private VirtualAdapterEngine(EngineMode mode) => _adapter = new VirtualAdapter(new EngineOptions { Mode = mode });

    /// <summary>An engine that runs.</summary>
    internal static IEngine Create(EngineMode mode) => new VirtualAdapterEngine(mode);

    /// <inheritdoc/>
    public Errno Join(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm)
    {
        try
        {
            vm = _adapter.AddVm(identity, arenaDescriptor, arenaBytes, doorbell);
            return Errno.None;
        }
        catch (IOException)
        {
            vm = null;
            return Errno.ENOMEM;
        }
    }

    /// <inheritdoc/>
    public AdapterSnapshot Snapshot() => _adapter.Snapshot();

    /// <inheritdoc/>
    public void Dispose() => _adapter.Dispose();
}
