using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>One context of a VM. Every call enters the adapter's gate: the engine then touches nothing of it.</summary>
internal sealed partial class AdapterContext : IAdapterContext
{
    private readonly HashSet<uint> _domains = [];
    private readonly HandleTable<MemoryKey> _keys = new();
    private readonly HandleTable<CompletionChannel> _channels = new();
    private readonly HandleTable<CompletionQueue> _completionQueues = new();
    private readonly HandleTable<SharedReceiveQueue> _sharedQueues = new();
    private readonly HandleTable<QueuePair> _pairs = new();
    private readonly HandleTable<XrcDomain> _xrcDomains = new();
    private readonly EventPipe _async;
    private int _asyncReader;
    private bool _isClosed;

    internal AdapterContext(AdapterVm vm, EventPipe async, int asyncReader) => (Vm, _async, _asyncReader) = (vm, async, asyncReader);

    internal AdapterVm Vm { get; }

    /// <summary>Low bits of the queue numbers in use.</summary>
    internal HashSet<uint> Numbers { get; } = [];

    internal IEnumerable<QueuePair> Pairs => _pairs.All;

    internal int CompletionQueueCount => _completionQueues.Count;

    internal IEnumerable<CompletionQueue> ArmableQueues => _completionQueues.All.Where(queue => queue.Channel is not null);

    private VirtualAdapter Adapter => Vm.Adapter;

    /// <inheritdoc/>
    public int TakeAsyncDescriptor() => Interlocked.Exchange(ref _asyncReader, -1);

    /// <inheritdoc/>
    public Errno AllocateProtectionDomain(out uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            handle = 0;
            if (_isClosed)
                return Errno.EINVAL;
            handle = ++Vm.LastProtectionDomain;
            _domains.Add(handle);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DeallocateProtectionDomain(uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            if (!_domains.Contains(handle))
                return Errno.EINVAL;
            if (_keys.All.Any(key => key.ProtectionDomain == handle) || _pairs.All.Any(pair => pair.ProtectionDomain == handle)
                || _sharedQueues.All.Any(queue => queue.ProtectionDomain == handle))
                return Errno.EBUSY;
            _domains.Remove(handle);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno RegisterRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        keys = default;
        using (Adapter.Gate.Enter())
        {
            if (!_domains.Contains(request.ProtectionDomain))
                return Errno.EINVAL;
            Errno error = CheckRegion(request, extents, out MemoryView? view);
            if (error != Errno.None)
                return error;
            MemoryKey key = new() { Owner = this, ProtectionDomain = request.ProtectionDomain, IsValid = true };
            Describe(key, request, view!);
            if (!Vm.Keys.TryAdd(key))
            {
                view!.Release();
                return Errno.ENOMEM;
            }
            keys = KeysOf(_keys.Add(key), key);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno ReregisterRegion(uint handle, uint flags, in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        const uint translation = 1, domain = 2, access = 4;
        keys = default;
        using (Adapter.Gate.Enter())
        {
            if (_keys.Find(handle) is not { WindowType: 0 } key || flags is 0 or > (translation | domain | access)
                || (flags & domain) != 0 && !_domains.Contains(request.ProtectionDomain))
                return Errno.EINVAL;
            if (key.Windows > 0)
                return Errno.EBUSY;
            if ((flags & access) != 0 && !AreRights(request.Access))
                return Errno.EINVAL;
            if ((flags & translation) != 0)
            {
                RegionRequest whole = request;
                whole.Access = (flags & access) != 0 ? request.Access : (uint)key.Access;
                Errno error = CheckRegion(whole, extents, out MemoryView? view);
                if (error != Errno.None)
                    return error;
                key.View!.Release();
                Describe(key, whole, view!);
            }
            else if ((flags & access) != 0)
                key.Access = (AccessRights)request.Access;
            if ((flags & domain) != 0)
                key.ProtectionDomain = request.ProtectionDomain;
            keys = KeysOf(handle, key);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DeregisterRegion(uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            if (_keys.Find(handle) is not { WindowType: 0 } key)
                return Errno.EINVAL;
            if (key.Windows > 0)
                return Errno.EBUSY;
            RemoveKey(handle, key);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno AllocateWindow(uint protectionDomain, byte type, out RegionKeys keys)
    {
        keys = default;
        using (Adapter.Gate.Enter())
        {
            if (!_domains.Contains(protectionDomain) || type is not (1 or 2))
                return Errno.EINVAL;
            MemoryKey key = new() { Owner = this, ProtectionDomain = protectionDomain, WindowType = type };
            if (!Vm.Keys.TryAdd(key))
                return Errno.ENOMEM;
            keys = KeysOf(_keys.Add(key), key);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DeallocateWindow(uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            if (_keys.Find(handle) is not { WindowType: not 0 } key)
                return Errno.EINVAL;
            RemoveKey(handle, key);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno OpenXrcDomain(ulong device, ulong inode, uint openFlags, out uint handle)
    {
        const uint create = 0x40, exclusive = 0x80;
        handle = 0;
        using (Adapter.Gate.Enter())
        {
            if (_isClosed)
                return Errno.EINVAL;
            bool isNamed = (device | inode) != 0;
            XrcDomain? domain = isNamed ? Vm.XrcDomains.Find(candidate => candidate.Device == device && candidate.Inode == inode) : null;
            if (domain is not null && (openFlags & exclusive) != 0)
                return Errno.EINVAL;
            if (domain is null)
            {
                if (isNamed && (openFlags & create) == 0)
                    return Errno.EAGAIN;
                Vm.XrcDomains.Add(domain = new XrcDomain(device, inode));
            }
            domain.Openings++;
            handle = _xrcDomains.Add(domain);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno CloseXrcDomain(uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            if (_xrcDomains.Find(handle) is not { } domain)
                return Errno.EINVAL;
            if (_pairs.All.Any(pair => pair.Domain == domain) || _sharedQueues.All.Any(queue => queue.Domain == domain))
                return Errno.EBUSY;
            CloseDomain(handle, domain);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (Adapter.Gate.Enter())
            CloseUnderGate();
        Adapter.Engine.Wake();
    }

    /// <summary>Frees all that the context made.</summary>
    internal void CloseUnderGate()
    {
        if (_isClosed)
            return;
        _isClosed = true;
        _domains.Clear();
        foreach (QueuePair pair in _pairs.All.ToArray())
            EndPair(pair);
        foreach (SharedReceiveQueue queue in _sharedQueues.All.ToArray())
            EndShared(queue);
        foreach (CompletionQueue queue in _completionQueues.All.ToArray())
            EndCompletionQueue(queue);
        foreach (CompletionChannel channel in _channels.All)
            channel.Pipe.Dispose();
        foreach (MemoryKey window in _keys.All.Where(key => key.WindowType != 0))
            window.Unbind();
        foreach (MemoryKey key in _keys.All)
        {
            Vm.Keys.Remove(key);
            if (key.WindowType == 0)
                key.View!.Release();
        }
        foreach (XrcDomain domain in _xrcDomains.All)
            if (--domain.Openings == 0)
                Vm.XrcDomains.Remove(domain);
        _pairs.Clear();
        _channels.Clear();
        _keys.Clear();
        _xrcDomains.Clear();
        Vm.Contexts.Remove(this);
        int reader = Interlocked.Exchange(ref _asyncReader, -1);
        if (reader >= 0)
            HostStubs.Call(SystemCall.Close, reader);
        _async.Dispose();
        Adapter.Engine.Changed();
    }

    /// <summary>Tells of an event. False when nobody reads and the pipe is full.</summary>
    internal bool Fire(ulong element, AsyncEventType type) => _async.TryWrite(new AsyncEvent { Element = element, Type = type });

    /// <summary>A completion queue broke: what completes there breaks too.</summary>
    internal void BreakUsersOf(CompletionQueue queue)
    {
        foreach (QueuePair pair in _pairs.All)
            if (pair.SendCompletions == queue || pair.ReceiveCompletions == queue)
            {
                Adapter.Fail(pair);
                pair.Fire(AsyncEventType.QueuePairFatal);
            }
    }

    private Errno CheckRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out MemoryView? view)
    {
        view = null;
        if (request.LengthBytes == 0 || request.VirtualAddress + request.LengthBytes < request.VirtualAddress || !AreRights(request.Access))
            return Errno.EINVAL;
        Errno error = MemoryView.Create(Vm.MemoryOf, extents, 1, out view);
        if (error != Errno.None)
            return error;
        const AccessRights writes = AccessRights.LocalWrite | AccessRights.RemoteWrite | AccessRights.RemoteAtomic;
        if (view!.LengthBytes == request.LengthBytes && (view.IsWritable || ((AccessRights)request.Access & writes) == 0))
            return Errno.None;
        view.Release();
        return Errno.EINVAL;
    }

    /// <summary>Rights to write from afar need the right to write here.</summary>
    private static bool AreRights(uint access)
    {
        var rights = (AccessRights)access & ~AccessRights.Hints;
        return (rights & ~AccessRights.All) == 0
            && ((rights & (AccessRights.RemoteWrite | AccessRights.RemoteAtomic)) == 0 || (rights & AccessRights.LocalWrite) != 0);
    }

    private static void Describe(MemoryKey key, in RegionRequest request, MemoryView view)
    {
        (key.View, key.LengthBytes, key.Access) = (view, request.LengthBytes, (AccessRights)request.Access & ~AccessRights.Hints);
        key.VirtualAddress = (key.Access & AccessRights.ZeroBased) != 0 ? 0 : request.VirtualAddress;
    }

    private static RegionKeys KeysOf(uint handle, MemoryKey key) => new() { Handle = handle, LocalKey = key.Value, RemoteKey = key.Value };

    private void RemoveKey(uint handle, MemoryKey key)
    {
        _keys.Remove(handle);
        Vm.Keys.Remove(key);
        if (key.WindowType != 0)
            key.Unbind();
        else
            key.View!.Release();
        key.IsValid = false;
    }

    private void CloseDomain(uint handle, XrcDomain domain)
    {
        _xrcDomains.Remove(handle);
        if (--domain.Openings == 0)
            Vm.XrcDomains.Remove(domain);
    }
}
