using Weft.Adapter.Connections;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Tests.Verbs;

/// <summary>An adapter without an engine: it remembers what it was asked.</summary>
internal sealed class FakeAdapter(ushort lid = 9, ConnectionManager? manager = null) : IAdapterVm
{
    internal List<FakeContext> Contexts { get; } = [];

    public DeviceAttributes Device { get; } = new()
    {
        NodeGuid = 0x0002_c903_0000_1234,
        PortGuid = 0x0002_c903_0000_1200UL + lid,
        Lid = lid,
        SubnetManagerLid = 1,
        MostQueuePairs = 1000,
        MostCompletionQueues = 2000,
        MostRegions = 3000,
        MostSharedReceiveQueues = 400,
        QueueTableSize = 4096,
    };

    public Errno AttachMemory(int descriptor, bool isWritable, out int source)
    {
        source = 7;
        return Errno.None;
    }

    public Errno DetachMemory(int source) => Errno.None;

    public Errno OpenContext(out IAdapterContext? context)
    {
        FakeContext made = new();
        Contexts.Add(made);
        context = made;
        return Errno.None;
    }

    public Errno OpenConnections(out IConnectionChannel? connections)
    {
        connections = null;
        return manager?.Open(Device, out connections) ?? Errno.EOPNOTSUPP;
    }

    public void Dispose()
    {
    }
}
