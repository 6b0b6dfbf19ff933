using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>One VM of the adapter: its memory, its port, its keys and its contexts.</summary>
internal sealed class AdapterVm : IAdapterVm
{
    /// <summary>Each is a mapping of the daemon's, which serves other VMs too.</summary>
    private const int MostAttached = 4096;

    private readonly Dictionary<int, MappedMemory> _attached = [];
    private readonly MappedMemory _arena;
    private int _lastSource;
    private bool _isGone;

    internal AdapterVm(VirtualAdapter adapter, VmIdentity identity, MappedMemory arena, IDoorbell doorbell, in DeviceAttributes device, Engine engine)
    {
        (Adapter, Identity, _arena, Doorbell, Device, Engine) = (adapter, identity, arena, doorbell, device, engine);
        Keys = new KeyTable(device.MostRegions);
        (Lid, PortGuid) = (device.Lid, device.PortGuid);
    }

    /// <inheritdoc/>
    public DeviceAttributes Device { get; }

    /// <summary>The port's LID and GUID, as <see cref="Device"/> has them, without a copy of it all.</summary>
    internal ushort Lid { get; }

    internal ulong PortGuid { get; }

    internal VirtualAdapter Adapter { get; }

    /// <summary>The polling thread that serves its queue pairs.</summary>
    internal Engine Engine { get; }

    internal VmIdentity Identity { get; }

    internal IDoorbell Doorbell { get; }

    internal KeyTable Keys { get; }

    internal List<AdapterContext> Contexts { get; } = [];

    internal List<XrcDomain> XrcDomains { get; } = [];

    /// <summary>What queue pairs that ended did.</summary>
    internal TrafficCounter Ended { get; } = new();

    internal int QueuePairs { get; set; }

    internal int CompletionQueues { get; set; }

    internal int SharedReceiveQueues { get; set; }

    /// <summary>Completion channels of all contexts.</summary>
    internal int Channels { get; set; }

    /// <summary>Protection and XRC domains of all contexts.</summary>
    internal int Domains { get; set; }

    /// <summary>Protection domains are numbered by VM: keys of all its contexts stand in one table.</summary>
    internal uint LastProtectionDomain { get; set; }

    /// <summary>Whether the doorbell page was asked to trap; the engine's.</summary>
    internal bool IsTrapping { get; set; }

    /// <summary>Whether it is known to; the engine's.</summary>
    internal bool TrapsSurely { get; set; }

    /// <summary>Stores to its doorbell page that rang; the engine's.</summary>
    internal long Doorbells { get; set; }

    /// <summary>What its queue pairs did in all, to tell how busy it is: other threads' events may be missing.</summary>
    internal long Moved { get; set; }

    /// <summary>What <see cref="Moved"/> was before the engine's last sleep; the engine's.</summary>
    internal long MovedWhenAwake { get; set; }

    /// <inheritdoc/>
    public Errno OpenConnections(out IConnectionChannel? connections) => Adapter.Connections.Open(Device, out connections);

    internal MappedMemory? MemoryOf(int source) => source == 0 ? _arena : _attached.GetValueOrDefault(source);

    /// <inheritdoc/>
    public Snapshots.TrafficCounts CountTraffic()
    {
        using (Adapter.Gate.Enter())
            return SnapshotBuilder.Count(this);
    }

    /// <inheritdoc/>
    public Errno AttachMemory(int descriptor, bool isWritable, out int source)
    {
        source = 0;
        if (!MappedMemory.TryReadSize(descriptor, out ulong sizeBytes))
            return Errno.EBADF;
        ulong page = 4096, lengthBytes = (sizeBytes + page - 1) & ~(page - 1);
        Errno error = MappedMemory.Map(descriptor, lengthBytes, isWritable, mustBeSealed: false, out MappedMemory? memory);
        if (error != Errno.None)
            return error;
        using (Adapter.Gate.Enter())
        {
            if (_isGone || _attached.Count >= MostAttached)
            {
                memory!.Release();
                return _isGone ? Errno.ENODEV : Errno.ENOMEM;
            }
            source = ++_lastSource;
            _attached.Add(source, memory!);
        }
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno DetachMemory(int source)
    {
        using (Adapter.Gate.Enter())
        {
            if (_isGone || !_attached.Remove(source, out MappedMemory? memory))
                return Errno.EINVAL;
            memory.Release();
        }
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno OpenContext(out IAdapterContext? context)
    {
        context = null;
        Errno error = EventPipe.Create(out EventPipe? pipe, out int reader);
        if (error != Errno.None)
            return error;
        using (Adapter.Gate.Enter())
        {
            if (_isGone)
            {
                pipe!.Dispose();
                HostStubs.Call(SystemCall.Close, reader);
                return Errno.ENODEV;
            }
            AdapterContext made = new(this, pipe!, reader);
            Contexts.Add(made);
            Adapter.Changed();
            context = made;
        }
        return Errno.None;
    }

    private AdapterContext? FindContext()
    {
        using (Adapter.Gate.Enter())
            return Contexts.Count > 0 ? Contexts[^1] : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (Adapter.Gate.Enter())
        {
            if (_isGone)
                return;
            _isGone = true;
        }
        while (FindContext() is { } context)
            context.Close();
        using (Adapter.Gate.Enter())
        {
            Adapter.RemoveVm(this);
            foreach (MappedMemory memory in _attached.Values)
                memory.Release();
            _arena.Release();
        }
        Engine.Wake();
    }
}
