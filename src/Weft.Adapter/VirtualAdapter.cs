using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Remote;
using Weft.Adapter.Snapshots;
using Weft.Fabric;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// The virtual host channel adapter: one port a VM, with addresses of its own, and an engine that carries out what
/// the VMs' programs post. Thread-safe. Owns the engine's thread and maps VMs' memory until they leave.
/// </summary>
public sealed class VirtualAdapter : IDisposable
{
    private const uint MostNumbers = 1 << 20, FirstNumber = 64, XrcTargetBit = 1 << 23, TableSize = 1 << 16;
    private readonly Dictionary<uint, QueuePair> _pairs = [];
    private readonly Dictionary<uint, SharedReceiveQueue> _shared = [];
    private readonly Dictionary<ushort, AdapterVm> _vmByLid = [];
    private readonly Dictionary<GlobalAddress, List<QueuePair>> _groups = [];
    private readonly List<AdapterVm> _vms = [];
    private readonly EngineOptions _options;
    private uint _lastNumber = FirstNumber;
    private uint _lastCompletionQueue = FirstNumber;
    private ushort _lastLid;

    /// <summary>An adapter whose engine runs.</summary>
    /// <exception cref="ArgumentException">Links to other hosts can't be listened for where the options say; one line for the user.</exception>
    public VirtualAdapter(EngineOptions options)
    {
        _options = options;
        Remote = options.Fabric is { } fabric ? new RemoteHosts(this, fabric, options.GuidPrefix) : null;
        Engine = new Engine(this, options.Mode);
        Engine.Start();
    }

    /// <summary>An adapter without a thread of its own: who made it gives the engine its turns.</summary>
    internal VirtualAdapter(EngineOptions options, Func<VirtualAdapter, RemoteHosts> connect)
    {
        _options = options;
        Remote = connect(this);
        Engine = new Engine(this, options.Mode);
    }

    /// <summary>Who listens and connects where.</summary>
    public Connections.ConnectionManager Connections { get; } = new();

    /// <summary>The node that links this host with the others of its cluster; null for a host alone.</summary>
    public FabricNode? Fabric => Remote?.Node as FabricNode;

    internal RemoteHosts? Remote { get; }

    /// <summary>How often something came that a program of this host may have waited for. Changed under the gate.</summary>
    internal long Deliveries { get; set; }

    /// <summary>Where requests' first numbers come from.</summary>
    internal Random Numbers { get; init; } = Random.Shared;

    internal IReadOnlyCollection<QueuePair> Pairs => _pairs.Values;

    internal Gate Gate { get; } = new();

    internal Engine Engine { get; }

    /// <summary>A list, not an interface: walking it allocates nothing.</summary>
    internal List<AdapterVm> Vms => _vms;

    /// <summary>Takes a VM in. The descriptor is mapped and may be closed after.</summary>
    /// <param name="identity">Who it is.</param>
    /// <param name="arenaDescriptor">A memfd sealed against shrinking.</param>
    /// <param name="arenaBytes">Its length.</param>
    /// <param name="doorbell">Its doorbell page.</param>
    /// <returns>Its adapter; disposing it takes the VM out.</returns>
    /// <exception cref="IOException">The memory can't be mapped, or there is no LID left.</exception>
    public IAdapterVm AddVm(VmIdentity identity, int arenaDescriptor, ulong arenaBytes, IDoorbell doorbell)
    {
        Errno error = MappedMemory.Map(arenaDescriptor, arenaBytes, isWritable: true, mustBeSealed: true, out MappedMemory? arena);
        if (error != Errno.None)
            throw new IOException($"The VM's memory can't be mapped: {error}; it must be a memfd sealed against shrinking.");
        using (Gate.Enter())
        {
            if (FreeLid() is not { } lid)
            {
                arena!.Release();
                throw new IOException("No LID is left; end some VMs.");
            }
            AdapterVm vm = new(this, identity, arena!, doorbell, AttributesOf(lid));
            _vms.Add(vm);
            _vmByLid.Add(lid, vm);
            Engine.Changed();
            return vm;
        }
    }

    /// <summary>What the adapter holds and has done.</summary>
    public AdapterSnapshot Snapshot()
    {
        using (Gate.Enter())
            return SnapshotBuilder.Build(this, _options.Mode, Stopwatch.GetTimestamp());
    }

    /// <summary>Ends the engine and takes all VMs out.</summary>
    public void Dispose()
    {
        Engine.Stop();
        while (_vms.Count > 0)
            _vms[^1].Dispose();
        Remote?.Dispose();
    }

    internal void RemoveVm(AdapterVm vm)
    {
        _vms.Remove(vm);
        _vmByLid.Remove(vm.Device.Lid);
        Engine.Changed();
    }

    /// <summary>The queue pair that a connected one sends to; null when none answers there.</summary>
    internal QueuePair? FindPeer(QueuePair pair)
    {
        QueuePair? known = pair.Target;
        if (known is { IsGone: false } && IsConnectedTo(known, pair))
            return known;
        ref readonly PathAddress path = ref pair.Attributes.Path;
        return _pairs.TryGetValue(pair.Attributes.DestinationQueuePair, out QueuePair? peer) && Reaches(path, peer.Vm) && IsConnectedTo(peer, pair)
            ? peer : null;
    }

    /// <summary>The LID that a path leads to, by itself or by the GID that holds it; 0 for none.</summary>
    internal static ushort LidOf(in PathAddress path) =>
        path.Lid != 0 ? path.Lid : path.IsGlobal != 0 ? (ushort)(path.Destination.Interface >> 8) : (ushort)0;

    /// <summary>A port's GUID, the lower half of its GID, from its LID.</summary>
    internal static ulong PortGuidOf(ulong prefix, ushort lid) => prefix | (ulong)lid << 8 | 1;

    /// <summary>Whether a LID is one of this host's.</summary>
    internal bool IsOwn(ushort lid) => (uint)(lid - _options.FirstLid) < _options.LidCount;

    internal QueuePair? FindDatagramPeer(in PathAddress path, uint number) =>
        _pairs.TryGetValue(number, out QueuePair? peer) && Reaches(path, peer.Vm) ? peer : null;

    internal List<QueuePair>? MembersOf(in GlobalAddress group) => _groups.GetValueOrDefault(group);

    internal SharedReceiveQueue? FindShared(uint number) => _shared.GetValueOrDefault(number);

    internal QueuePair? FindPair(uint number) => _pairs.GetValueOrDefault(number);

    /// <summary>A send failed: UD and UC break only their send queue.</summary>
    internal void FailSends(QueuePair pair) =>
        Break(pair, pair.Type is QueuePairType.UnreliableDatagram or QueuePairType.UnreliableConnection
            ? QueuePairState.SendQueueError : QueuePairState.Error);

    /// <summary>A queue pair breaks whole.</summary>
    internal void Fail(QueuePair pair) => Break(pair, QueuePairState.Error);

    private void Break(QueuePair pair, QueuePairState state)
    {
        if (pair.State is QueuePairState.Reset or QueuePairState.Error)
            return;
        pair.Attributes.State = state;
        Engine.Promote(pair);
    }

    internal void JoinGroup(in GlobalAddress group, QueuePair pair)
    {
        if (!_groups.TryGetValue(group, out List<QueuePair>? members))
            _groups.Add(group, members = []);
        if (pair.Groups is { } joined && joined.Contains(group))
            return;
        (pair.Groups ??= []).Add(group);
        members.Add(pair);
    }

    internal bool LeaveGroup(in GlobalAddress group, QueuePair pair)
    {
        if (!_groups.TryGetValue(group, out List<QueuePair>? members) || !members.Remove(pair))
            return false;
        pair.Groups!.Remove(group);
        if (members.Count == 0)
            _groups.Remove(group);
        return true;
    }

    internal bool TryAdd(QueuePair pair)
    {
        if (NextNumber(pair.Owner) is not { } number)
            return false;
        pair.Number = pair.Type == QueuePairType.XrcReceive ? number | XrcTargetBit : number;
        _pairs.Add(pair.Number, pair);
        pair.Owner.Numbers.Add(number & (TableSize - 1));
        Engine.Add(pair);
        return true;
    }

    internal void Remove(QueuePair pair)
    {
        while (pair.Groups is { Count: > 0 } groups)
            LeaveGroup(groups[^1], pair);
        _pairs.Remove(pair.Number);
        pair.Owner.Numbers.Remove(pair.Number & (TableSize - 1));
        Engine.Forget(pair);
    }

    internal bool TryAdd(SharedReceiveQueue queue)
    {
        if (NextNumber(queue.Owner) is not { } number)
            return false;
        queue.Number = number;
        _shared.Add(number, queue);
        queue.Owner.Numbers.Add(number & (TableSize - 1));
        return true;
    }

    internal void Remove(SharedReceiveQueue queue)
    {
        _shared.Remove(queue.Number);
        queue.Owner.Numbers.Remove(queue.Number & (TableSize - 1));
    }

    internal uint NextCompletionQueue() => _lastCompletionQueue = _lastCompletionQueue == MostNumbers * 8 ? FirstNumber : _lastCompletionQueue + 1;

    private static bool Reaches(in PathAddress path, AdapterVm vm) =>
        path.Lid != 0 ? path.Lid == vm.Lid : path.IsGlobal != 0 && path.Destination.Interface == vm.PortGuid;

    private static bool IsConnectedTo(QueuePair peer, QueuePair pair)
    {
        if (!peer.IsReceiving || peer.Attributes.DestinationQueuePair != pair.Number || !Reaches(peer.Attributes.Path, pair.Vm))
            return false;
        return pair.Type == QueuePairType.XrcSend ? peer.Type == QueuePairType.XrcReceive : peer.Type == pair.Type;
    }

    private uint? NextNumber(AdapterContext owner)
    {
        // The provider's library finds a queue by the low bits of its number.
        for (uint tries = 0; tries < MostNumbers; tries++)
        {
            _lastNumber = _lastNumber + 1 == MostNumbers ? FirstNumber : _lastNumber + 1;
            if (!_pairs.ContainsKey(_lastNumber) && !_pairs.ContainsKey(_lastNumber | XrcTargetBit) && !_shared.ContainsKey(_lastNumber)
                && !owner.Numbers.Contains(_lastNumber & (TableSize - 1)))
                return _lastNumber;
        }
        return null;
    }

    private ushort? FreeLid()
    {
        for (int tries = 0; tries < _options.LidCount; tries++)
        {
            ushort lid = (ushort)(_options.FirstLid + _lastLid);
            _lastLid = (ushort)((_lastLid + 1) % _options.LidCount);
            if (!_vmByLid.ContainsKey(lid))
                return lid;
        }
        return null;
    }

    private DeviceAttributes AttributesOf(ushort lid) => new()
    {
        NodeGuid = _options.GuidPrefix | (ulong)lid << 8,
        PortGuid = PortGuidOf(_options.GuidPrefix, lid),
        Lid = lid,
        SubnetManagerLid = 1,
        MostQueuePairs = 32768,
        MostCompletionQueues = 65408,
        MostRegions = 1 << 20,
        MostSharedReceiveQueues = 16384,
        QueueTableSize = TableSize,
        Engine = _options.Mode,
        Host = _options.Fabric?.Number ?? 0,
    };
}
