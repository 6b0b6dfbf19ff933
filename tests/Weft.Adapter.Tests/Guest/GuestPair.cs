using Weft.Adapter.Control;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Two connected queue pairs of two VMs, each with a completion queue and a registered buffer.</summary>
internal sealed class GuestPair : IDisposable
{
    internal const int BufferBytes = 1 << 20;
    private readonly VirtualAdapter? _owned;
    private readonly TwoHosts? _hosts;
    private readonly bool _ownsVms;

    internal GuestPair(QueuePairType type = QueuePairType.ReliableConnection, EngineMode mode = EngineMode.Auto, int bufferBytes = BufferBytes,
        Func<GuestQueueShape, GuestQueueShape>? shape = null, Action<GuestQueuePair>? before = null, int? jitterSeed = null, Random? scatter = null)
        : this(TwoHosts.AreAsked ? new TwoHosts(mode) : null, mode, type, bufferBytes, shape, before, jitterSeed, scatter)
    {
    }

    /// <summary>One of each host where there are two.</summary>
    internal GuestPair(TwoHosts? hosts, EngineMode mode, QueuePairType type, int bufferBytes = BufferBytes,
        Func<GuestQueueShape, GuestQueueShape>? shape = null, Action<GuestQueuePair>? before = null, int? jitterSeed = null, Random? scatter = null)
        : this(hosts?.Left ?? Adapters.Start(mode), null, hosts is null ? null : new GuestVm(hosts.Right, jitterSeed: jitterSeed + 1),
            type, bufferBytes, shape, before, jitterSeed, scatter) => _hosts = hosts;

    internal GuestPair(VirtualAdapter adapter, GuestVm? left, GuestVm? right, QueuePairType type = QueuePairType.ReliableConnection,
        int bufferBytes = BufferBytes, Func<GuestQueueShape, GuestQueueShape>? shape = null, Action<GuestQueuePair>? before = null,
        int? jitterSeed = null, Random? scatter = null)
    {
        (_owned, _ownsVms) = (left is null ? adapter : null, left is null);
        Adapter = adapter;
        LeftVm = left ?? new GuestVm(adapter, jitterSeed: jitterSeed);
        RightVm = right ?? new GuestVm(adapter, jitterSeed: jitterSeed + 1);
        (Left, Right) = (LeftVm.Open(), RightVm.Open());
        (LeftQueue, RightQueue) = (Left.CreateCompletionQueue(), Right.CreateCompletionQueue());
        (LeftMemory, RightMemory) = (Left.Register(bufferBytes, scatter: scatter), Right.Register(bufferBytes, scatter: scatter));
        shape ??= given => given;
        A = Left.CreateQueuePair(shape(new GuestQueueShape(type, LeftQueue, LeftQueue)));
        B = Right.CreateQueuePair(shape(new GuestQueueShape(type, RightQueue, RightQueue)));
        before?.Invoke(A);
        before?.Invoke(B);
        A.Connect(RightVm.Lid, B.Number);
        B.Connect(LeftVm.Lid, A.Number);
    }

    internal VirtualAdapter Adapter { get; }

    internal GuestVm LeftVm { get; }

    internal GuestVm RightVm { get; }

    internal GuestContext Left { get; }

    internal GuestContext Right { get; }

    internal GuestCompletionQueue LeftQueue { get; }

    internal GuestCompletionQueue RightQueue { get; }

    internal GuestRegion LeftMemory { get; }

    internal GuestRegion RightMemory { get; }

    internal GuestQueuePair A { get; }

    internal GuestQueuePair B { get; }

    internal SendWork Send(int lengthBytes, int offset = 0, ulong id = 1) =>
        new() { Id = id, Opcode = SendOpcode.Send, List = [LeftMemory.Entry(offset, lengthBytes)] };

    /// <summary>A WRITE, READ or atomic from A to the same offset of B's memory.</summary>
    internal SendWork Remote(SendOpcode opcode, int lengthBytes, int offset = 0, ulong id = 1) => new()
    {
        Id = id,
        Opcode = opcode,
        List = [LeftMemory.Entry(offset, lengthBytes)],
        RemoteAddress = RightMemory.Address + (ulong)offset,
        RemoteKey = RightMemory.RemoteKey,
    };

    public void Dispose()
    {
        if (!_ownsVms)
            return;
        LeftVm.Dispose();
        RightVm.Dispose();
        if (_hosts is null)
            _owned?.Dispose();
        else
            _hosts.Dispose();
    }
}
