using Weft.Adapter;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Host.Tests.Wire;
using Weft.Native;

namespace Weft.Host.Tests.Daemons;

/// <summary>Gives every VM a fake adapter, and tells of each one queue pair and one region.</summary>
internal sealed class FakeEngine : IEngine
{
    private readonly List<(VmIdentity Identity, FakeAdapter Adapter)> _vms = [];

    internal bool IsFull { get; set; }

    public Errno Join(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell, out IAdapterVm? vm)
    {
        vm = null;
        if (IsFull)
            return Errno.ENOMEM;
        FakeAdapter adapter = new();
        lock (_vms)
            _vms.Add((identity, adapter));
        vm = adapter;
        return Errno.None;
    }

    public AdapterSnapshot Snapshot()
    {
        lock (_vms)
            return new AdapterSnapshot
            {
                TakenNs = 5,
                State = "polling",
                ProcessorNs = 6,
                Vms = [.. _vms.Where(vm => !vm.Adapter.IsDisposed).Select(vm => Tell(vm.Identity))],
            };
    }

    public void Dispose()
    {
    }

    private static VmSnapshot Tell(VmIdentity identity) => new()
    {
        ProcessId = identity.ProcessId,
        Name = identity.Name,
        Program = identity.Program,
        Lid = 3,
        PortGuid = 0x0001_0002_0003_0004,
        Traffic = new TrafficCounts(1, 2, 3, 4, 5),
        QueuePairs = [new QueuePairSnapshot { Number = 77, Type = "RC", State = "RTS", DestinationLid = 4, DestinationNumber = 78 }],
        Regions = [new RegionSnapshot(9, 4096, 7)],
    };
}
