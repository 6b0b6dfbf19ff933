using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>A VM that joined the adapter under test: arena, doorbell and the contract's calls.</summary>
internal sealed class GuestVm : IDisposable
{
    private readonly List<GuestContext> _contexts = [];

    internal GuestVm(VirtualAdapter adapter, ulong arenaBytes = 256UL << 20, int? jitterSeed = null)
    {
        Arena = new GuestArena(arenaBytes);
        Doorbell = new FakeDoorbell(jitterSeed);
        Adapter = adapter.AddVm(new VmIdentity(Environment.ProcessId, "test", "guest"), Arena.Descriptor, arenaBytes, Doorbell);
    }

    internal GuestArena Arena { get; }

    internal FakeDoorbell Doorbell { get; }

    internal IAdapterVm Adapter { get; }

    internal ushort Lid => Adapter.Device.Lid;

    internal GuestContext Open()
    {
        Assert.Equal(Errno.None, Adapter.OpenContext(out IAdapterContext? context));
        var opened = new GuestContext(this, context!);
        _contexts.Add(opened);
        return opened;
    }

    /// <summary>The VM ends: the daemon sees its connection close.</summary>
    internal void Die() => Adapter.Dispose();

    public void Dispose()
    {
        foreach (GuestContext context in _contexts)
            context.Dispose();
        Adapter.Dispose();
        Arena.Dispose();
        Doorbell.Dispose();
    }
}
