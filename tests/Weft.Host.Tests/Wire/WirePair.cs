using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Wire;
using Weft.Native;

namespace Weft.Host.Tests.Wire;

/// <summary>A VM joined to a served fake adapter over a socket pair.</summary>
internal sealed class WirePair : IDisposable
{
    private const ulong ArenaBytes = 1 << 20;
    private readonly int _arena = Descriptors.Arena((long)ArenaBytes), _event = Descriptors.Event();
    private readonly Thread _serving;

    internal WirePair(ServerLimits? limits = null, Func<bool, bool>? setTrapping = null)
    {
        (int near, int far) = UnixSocket.Pair();
        Server = new AdapterServer(far, Environment.ProcessId, Join, limits ?? new ServerLimits());
        _serving = new Thread(Server.Serve);
        _serving.Start();
        Client = RemoteAdapterVm.Join(near, new VmIdentity(0, "näme\n", "ib_write_bw"), _arena, ArenaBytes, _event, setTrapping ?? (_ => true));
    }

    internal FakeAdapter Adapter { get; } = new();

    internal AdapterServer Server { get; }

    internal RemoteAdapterVm Client { get; }

    internal VmIdentity? Identity { get; private set; }

    internal IDoorbell? Doorbell { get; private set; }

    internal (IAdapterContext Near, FakeContext Far) Open()
    {
        Assert.Equal(Errno.None, Client.OpenContext(out IAdapterContext? context));
        return (context!, Adapter.Contexts[^1]);
    }

    /// <summary>Ends the daemon's end, as its death would.</summary>
    internal void Kill()
    {
        Server.Stop();
        Assert.True(_serving.Join(5000));
    }

    public void Dispose()
    {
        Client.Dispose();
        Assert.True(_serving.Join(5000));
        Descriptors.Close(_arena, _event);
    }

    private Errno Join(VmIdentity identity, int arena, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm)
    {
        Assert.Equal((ArenaBytes, Descriptors.InodeOf(_arena)), (arenaBytes, Descriptors.InodeOf(arena)));
        (Identity, Doorbell, vm) = (identity, doorbell, Adapter);
        return Errno.None;
    }
}
