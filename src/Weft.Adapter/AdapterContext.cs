using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>One context of a VM. Every call enters the adapter's gate: the engine then touches nothing of it.</summary>
internal sealed partial class AdapterContext : IAdapterContext
{
    /// <summary>Of a VM, protection and XRC domains together; and objects that one stay under the gate ends.</summary>
    private const int MostDomains = 1 << 16, MostEndedAtOnce = 1024;

    /// <summary>Protection domains, and how many objects each guards.</summary>
    private readonly Dictionary<uint, int> _domains = [];
    private readonly HandleTable<MemoryKey> _keys = new();
    private readonly HandleTable<CompletionChannel> _channels = new();
    private readonly HandleTable<CompletionQueue> _completionQueues = new();
    private readonly HandleTable<SharedReceiveQueue> _sharedQueues = new();
    private readonly HandleTable<QueuePair> _pairs = new();
    private readonly HandleTable<XrcDomain> _xrcDomains = new();
    private readonly EventPipe _async;
    private int _asyncReader;
    private int _windows;
    private bool _isClosed;

    internal AdapterContext(AdapterVm vm, EventPipe async, int asyncReader) => (Vm, _async, _asyncReader) = (vm, async, asyncReader);

    internal AdapterVm Vm { get; }

    /// <summary>Low bits of the queue numbers in use.</summary>
    internal HashSet<uint> Numbers { get; } = [];

    internal IEnumerable<QueuePair> Pairs => _pairs.All;

    internal int CompletionQueueCount => _completionQueues.Count;

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
            if (Vm.Domains >= MostDomains)
                return Errno.ENOMEM;
            Vm.Domains++;
            handle = ++Vm.LastProtectionDomain;
            _domains.Add(handle, 0);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DeallocateProtectionDomain(uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            if (!_domains.TryGetValue(handle, out int users))
                return Errno.EINVAL;
            if (users > 0)
                return Errno.EBUSY;
            _domains.Remove(handle);
            Vm.Domains--;
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno RegisterRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        keys = default;
        using (Adapter.Gate.Enter())
        {
            if (!_domains.ContainsKey(request.ProtectionDomain))
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
            Guard(key.ProtectionDomain, 1);
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
                || (flags & domain) != 0 && !_domains.ContainsKey(request.ProtectionDomain))
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
            {
                Guard(key.ProtectionDomain, -1);
                Guard(key.ProtectionDomain = request.ProtectionDomain, 1);
            }
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
            if (!_domains.ContainsKey(protectionDomain) || type is not (1 or 2))
                return Errno.EINVAL;
            MemoryKey key = new() { Owner = this, ProtectionDomain = protectionDomain, WindowType = type };
            if (!Vm.Keys.TryAdd(key))
                return Errno.ENOMEM;
            Guard(protectionDomain, 1);
            _windows++;
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
                if (Vm.Domains >= MostDomains)
                    return Errno.ENOMEM;
                Vm.Domains++;
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
        Close();
        Vm.Engine.Wake();
    }

    /// <summary>Frees all that the context made, some at a time: others' traffic goes on between.</summary>
    internal void Close()
    {
        bool isDone = false;
        while (!isDone)
            using (Adapter.Gate.Enter())
                isDone = EndSome(MostEndedAtOnce);
    }

    /// <summary>Ends up to so many objects of a kind; true when none of any is left. What uses others ends before them.</summary>
    private bool EndSome(int most)
    {
        _isClosed = true;
        foreach ((uint handle, QueuePair pair) in _pairs.Some(most))
            if (pair.Owner == this)
                EndPair(pair);
            else
                _pairs.Remove(handle);
        if (_pairs.Count > 0)
            return false;
        // Nothing binds windows any more.
        if (_windows > 0)
            foreach ((uint handle, MemoryKey window) in _keys.Some(int.MaxValue).Where(entry => entry.Value.WindowType != 0))
                RemoveKey(handle, window);
        foreach ((uint handle, MemoryKey key) in _keys.Some(most))
            RemoveKey(handle, key);
        foreach ((_, SharedReceiveQueue queue) in _sharedQueues.Some(most))
            EndShared(queue);
        foreach ((_, CompletionQueue queue) in _completionQueues.Some(_sharedQueues.Count > 0 ? 0 : most))
            EndCompletionQueue(queue);
        foreach ((uint handle, CompletionChannel channel) in _channels.Some(_completionQueues.Count > 0 ? 0 : most))
            EndChannel(handle, channel);
        foreach ((uint handle, XrcDomain domain) in _xrcDomains.Some(_sharedQueues.Count > 0 ? 0 : most))
            CloseDomain(handle, domain);
        if (_keys.Count + _sharedQueues.Count + _completionQueues.Count + _channels.Count + _xrcDomains.Count > 0)
            return false;
        if (Vm.Contexts.Remove(this))
            Leave();
        return true;
    }

    private void Leave()
    {
        Vm.Domains -= _domains.Count;
        _domains.Clear();
        int reader = Interlocked.Exchange(ref _asyncReader, -1);
        if (reader >= 0)
            HostStubs.Call(SystemCall.Close, reader);
        _async.Dispose();
        Adapter.Changed();
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
        Guard(key.ProtectionDomain, -1);
        if (key.WindowType != 0)
        {
            key.Unbind();
            _windows--;
        }
        else
            key.View!.Release();
        key.IsValid = false;
    }

    private void Guard(uint domain, int change)
    {
        if (_domains.TryGetValue(domain, out int users))
            _domains[domain] = users + change;
    }

    private void CloseDomain(uint handle, XrcDomain domain)
    {
        _xrcDomains.Remove(handle);
        if (--domain.Openings > 0)
            return;
        Vm.XrcDomains.Remove(domain);
        Vm.Domains--;
    }
}
