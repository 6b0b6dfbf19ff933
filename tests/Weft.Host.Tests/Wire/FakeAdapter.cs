using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Adapter.Snapshots;
using Weft.Native;

namespace Weft.Host.Tests.Wire;

/// <summary>An adapter that keeps what it was asked last and answers with numbers made from it.</summary>
internal sealed class FakeAdapter : IAdapterVm
{
    internal List<FakeContext> Contexts { get; } = [];

    internal long AttachedInode { get; private set; }

    internal volatile bool IsDisposed;

    public DeviceAttributes Device { get; } = new() { NodeGuid = 0x1122334455667788, PortGuid = 7, Lid = 9, MostQueuePairs = 1000, QueueTableSize = 4096 };

    public Errno AttachMemory(int descriptor, bool isWritable, out int source)
    {
        source = isWritable ? 2 : 1;
        AttachedInode = Descriptors.InodeOf(descriptor);
        return Errno.None;
    }

    public Errno DetachMemory(int source) => source <= 2 ? Errno.None : Errno.EINVAL;

    public TrafficCounts CountTraffic() => new(1, 2, 3, 4, 5);

    public Errno OpenContext(out IAdapterContext? context)
    {
        FakeContext made = new();
        lock (Contexts)
            Contexts.Add(made);
        context = made;
        return Errno.None;
    }

    public void Dispose() => IsDisposed = true;
}

/// <summary>A context of it. Handles above 1000 are EINVAL.</summary>
internal sealed class FakeContext : IAdapterContext
{
    private readonly (int Reader, int Writer) _events = Descriptors.Pipe();
    private int _calls;

    internal object? Last { get; private set; }

    internal MemoryExtent[] LastExtents { get; private set; } = [];

    internal volatile bool IsDisposed;

    internal int Calls => _calls;

    public int TakeAsyncDescriptor() => _events.Reader;

    public Errno AllocateProtectionDomain(out uint handle)
    {
        handle = (uint)Interlocked.Increment(ref _calls);
        return Errno.None;
    }

    public Errno DeallocateProtectionDomain(uint handle) => Check(handle);

    public Errno RegisterRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        Keep(request, extents);
        keys = new() { Handle = 5, LocalKey = (uint)request.Start, RemoteKey = (uint)extents.Length };
        return request.LengthBytes == 0 ? Errno.EINVAL : Errno.None;
    }

    public Errno ReregisterRegion(uint handle, uint flags, in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys)
    {
        Keep((handle, flags, request), extents);
        keys = new() { Handle = handle, LocalKey = flags };
        return Check(handle);
    }

    public Errno DeregisterRegion(uint handle) => Check(handle);

    public Errno AllocateWindow(uint protectionDomain, byte type, out RegionKeys keys)
    {
        keys = new() { Handle = protectionDomain, RemoteKey = type };
        return Check(protectionDomain);
    }

    public Errno DeallocateWindow(uint handle) => Check(handle);

    public Errno CreateChannel(out uint handle, out int descriptor)
    {
        (descriptor, int writer) = Descriptors.Pipe();
        Descriptors.Write(writer, "channel"u8);
        Descriptors.Close(writer);
        handle = 6;
        return Errno.None;
    }

    public Errno DestroyChannel(uint handle) => Check(handle);

    public Errno CreateCompletionQueue(in CompletionQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out CompletionQueueReply reply)
    {
        Keep(request, buffer);
        reply = new() { Handle = 7, Number = request.Entries };
        return Errno.None;
    }

    public Errno ResizeCompletionQueue(uint handle, uint entries, ReadOnlySpan<MemoryExtent> buffer)
    {
        Keep((handle, entries), buffer);
        return Check(handle);
    }

    public Errno DestroyCompletionQueue(uint handle, out EventCounts fired) => Count(handle, out fired);

    public Errno CreateSharedReceiveQueue(in SharedReceiveQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply)
    {
        Keep(request, buffer);
        reply = new() { Handle = 8, Number = request.Limit };
        return Errno.None;
    }

    public Errno SetSharedReceiveLimit(uint handle, uint limit)
    {
        Keep((handle, limit), []);
        return Check(handle);
    }

    public Errno QuerySharedReceiveQueue(uint handle, out uint mostRequests, out uint mostSegments, out uint limit)
    {
        (mostRequests, mostSegments, limit) = (handle + 1, handle + 2, handle + 3);
        return Check(handle);
    }

    public Errno DestroySharedReceiveQueue(uint handle, out EventCounts fired) => Count(handle, out fired);

    public Errno CreateQueuePair(in QueuePairRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply)
    {
        Keep(request, buffer);
        reply = new() { Handle = 9, Number = (uint)request.Type };
        return Errno.None;
    }

    public Errno OpenQueuePair(uint xrcDomain, uint number, ulong userHandle, out QueueReply reply)
    {
        reply = new() { Handle = xrcDomain, Number = number ^ (uint)userHandle };
        return Check(xrcDomain);
    }

    public Errno ModifyQueuePair(uint handle, uint mask, in QueuePairAttributes attributes)
    {
        Keep((handle, mask, attributes), []);
        return Check(handle);
    }

    public Errno QueryQueuePair(uint handle, out QueuePairAttributes attributes, out QueuePairCapacities capacities)
    {
        attributes = new() { QueueKey = handle, State = QueuePairState.Error, AlternateTimeout = 3 };
        capacities = new() { SendRequests = handle + 1, SignalsAll = 1 };
        return Check(handle);
    }

    public Errno DestroyQueuePair(uint handle, out EventCounts fired) => Count(handle, out fired);

    public Errno OpenXrcDomain(ulong device, ulong inode, uint openFlags, out uint handle)
    {
        handle = (uint)(device + inode + openFlags);
        return Errno.None;
    }

    public Errno CloseXrcDomain(uint handle) => Check(handle);

    public Errno AttachMulticast(uint queuePair, in GlobalAddress group, ushort lid)
    {
        Keep((queuePair, group, lid), []);
        return Check(queuePair);
    }

    public Errno DetachMulticast(uint queuePair, in GlobalAddress group, ushort lid) => AttachMulticast(queuePair, group, lid);

    public void Dispose()
    {
        IsDisposed = true;
        Descriptors.Close(_events.Writer);
    }

    internal void Fire(AsyncEvent what) => Descriptors.Write(_events.Writer, MemoryMarshal.AsBytes(new ReadOnlySpan<AsyncEvent>(in what)));

    private static Errno Check(uint handle) => handle > 1000 ? Errno.EINVAL : Errno.None;

    private static Errno Count(uint handle, out EventCounts fired)
    {
        fired = new() { Completion = handle, Asynchronous = handle + 1 };
        return Check(handle);
    }

    private void Keep(object what, ReadOnlySpan<MemoryExtent> extents)
    {
        Interlocked.Increment(ref _calls);
        (Last, LastExtents) = (what, extents.ToArray());
    }
}
