using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Tests.Verbs;

/// <summary>A context that gives out numbers and remembers requests.</summary>
internal sealed class FakeContext : IAdapterContext
{
    private uint _last = 100;

    internal HashSet<uint> Live { get; } = [];

    internal FakePipe Events { get; } = new();

    internal FakePipe? Channel { get; private set; }

    internal bool IsDisposed { get; private set; }

    internal CompletionQueueRequest CompletionQueue { get; private set; }

    internal QueuePairRequest QueuePair { get; private set; }

    internal SharedReceiveQueueRequest SharedQueue { get; private set; }

    internal RegionRequest Region { get; private set; }

    internal (uint Mask, QueuePairAttributes Attributes) Modified { get; private set; }

    internal MemoryExtent[] Extents { get; private set; } = [];

    /// <summary>What destroying anything says has fired.</summary>
    internal EventCounts Fired { get; set; }

    /// <summary>What the next destroying answers.</summary>
    internal Errno Refusal { get; set; }

    public int TakeAsyncDescriptor() => Events.Reader;

    public Errno AllocateProtectionDomain(out uint handle) => Make(out handle);

    public Errno DeallocateProtectionDomain(uint handle) => End(handle);

    public Errno RegisterRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        (Region, Extents) = (request, extents.ToArray());
        Make(out uint handle);
        keys = new RegionKeys { Handle = handle, LocalKey = handle << 8, RemoteKey = handle << 8 | 1 };
        return Errno.None;
    }

    public Errno ReregisterRegion(uint handle, uint flags, in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        (Region, Extents) = (request, extents.ToArray());
        keys = new RegionKeys { Handle = handle, LocalKey = flags, RemoteKey = flags + 1 };
        return Live.Contains(handle) ? Errno.None : Errno.EINVAL;
    }

    public Errno DeregisterRegion(uint handle) => End(handle);

    public Errno AllocateWindow(uint protectionDomain, byte type, out RegionKeys keys)
    {
        Make(out uint handle);
        keys = new RegionKeys { Handle = handle, RemoteKey = type };
        return Errno.None;
    }

    public Errno DeallocateWindow(uint handle) => End(handle);

    public Errno CreateChannel(out uint handle, out int descriptor)
    {
        Channel = new FakePipe();
        descriptor = Channel.Reader;
        return Make(out handle);
    }

    public Errno DestroyChannel(uint handle) => End(handle);

    public Errno CreateCompletionQueue(in CompletionQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out CompletionQueueReply reply)
    {
        (CompletionQueue, Extents) = (request, buffer.ToArray());
        Make(out uint handle);
        reply = new CompletionQueueReply { Handle = handle, Number = handle + 1000 };
        return Errno.None;
    }

    public Errno ResizeCompletionQueue(uint handle, uint entries, ReadOnlySpan<MemoryExtent> buffer)
    {
        Extents = buffer.ToArray();
        return Live.Contains(handle) ? Errno.None : Errno.EINVAL;
    }

    public Errno DestroyCompletionQueue(uint handle, out EventCounts fired) => End(handle, out fired);

    public Errno CreateSharedReceiveQueue(in SharedReceiveQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply)
    {
        (SharedQueue, Extents) = (request, buffer.ToArray());
        Make(out uint handle);
        reply = new QueueReply { Handle = handle, Number = handle + 3000 };
        return Errno.None;
    }

    public Errno SetSharedReceiveLimit(uint handle, uint limit) => Live.Contains(handle) ? Errno.None : Errno.EINVAL;

    public Errno QuerySharedReceiveQueue(uint handle, out uint mostRequests, out uint mostSegments, out uint limit)
    {
        (mostRequests, mostSegments, limit) = (15, 3, 5);
        return Errno.None;
    }

    public Errno DestroySharedReceiveQueue(uint handle, out EventCounts fired) => End(handle, out fired);

    public Errno CreateQueuePair(in QueuePairRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply)
    {
        (QueuePair, Extents) = (request, buffer.ToArray());
        Make(out uint handle);
        reply = new QueueReply { Handle = handle, Number = handle + 2000 };
        return Errno.None;
    }

    public Errno OpenQueuePair(uint xrcDomain, uint number, ulong userHandle, out QueueReply reply)
    {
        Make(out uint handle);
        reply = new QueueReply { Handle = handle, Number = number };
        return Errno.None;
    }

    public Errno ModifyQueuePair(uint handle, uint mask, in QueuePairAttributes attributes)
    {
        Modified = (mask, attributes);
        return Live.Contains(handle) ? Errno.None : Errno.EINVAL;
    }

    public Errno QueryQueuePair(uint handle, out QueuePairAttributes attributes, out QueuePairCapacities capacities)
    {
        attributes = Modified.Attributes;
        capacities = new QueuePairCapacities { SendRequests = 1, ReceiveRequests = 2, SendSegments = 3, ReceiveSegments = 4, Inline = 5, SignalsAll = 1 };
        return Errno.None;
    }

    public Errno DestroyQueuePair(uint handle, out EventCounts fired) => End(handle, out fired);

    public Errno OpenXrcDomain(ulong device, ulong inode, uint openFlags, out uint handle) => Make(out handle);

    public Errno CloseXrcDomain(uint handle) => End(handle);

    public Errno AttachMulticast(uint queuePair, in GlobalAddress group, ushort lid) => Errno.None;

    public Errno DetachMulticast(uint queuePair, in GlobalAddress group, ushort lid) => Errno.None;

    public void Dispose() => IsDisposed = true;

    private Errno Make(out uint handle)
    {
        handle = ++_last;
        Live.Add(handle);
        return Errno.None;
    }

    private Errno End(uint handle) => End(handle, out _);

    private Errno End(uint handle, out EventCounts fired)
    {
        fired = Fired;
        return Refusal != Errno.None ? Refusal : Live.Remove(handle) ? Errno.None : Errno.EINVAL;
    }
}
