using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>A context of <see cref="RemoteAdapterVm"/>: each call is one question to the daemon.</summary>
internal sealed class RemoteAdapterContext : IAdapterContext
{
    private readonly Lock _lock = new();
    private readonly RemoteAdapterVm _vm;
    private readonly uint _number;
    private int _events, _eventWriter;
    private bool _isDisposed;

    /// <param name="vm">The VM.</param>
    /// <param name="number">The daemon's number of the context.</param>
    /// <param name="events">The reading end of the pipe of asynchronous events, owned until taken.</param>
    internal RemoteAdapterContext(RemoteAdapterVm vm, uint number, int events)
    {
        (_vm, _number, _events) = (vm, number, events);
        // A writing end of our own: the daemon's death neither ends the pipe nor keeps us from telling of it.
        _eventWriter = OpenWriter(events);
    }

    /// <inheritdoc/>
    public int TakeAsyncDescriptor() => Interlocked.Exchange(ref _events, -1);

    /// <inheritdoc/>
    public Errno AllocateProtectionDomain(out uint handle) => AskForHandle(new() { Verb = WireVerb.AllocateProtectionDomain }, out handle);

    /// <inheritdoc/>
    public Errno DeallocateProtectionDomain(uint handle) => Ask(new() { Verb = WireVerb.DeallocateProtectionDomain, First = handle });

    /// <inheritdoc/>
    public Errno RegisterRegion(in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys) =>
        Ask(new() { Verb = WireVerb.RegisterRegion }, request, extents, out keys);

    /// <inheritdoc/>
    public Errno ReregisterRegion(uint handle, uint flags, in RegionRequest request, ReadOnlySpan<MemoryExtent> extents, out RegionKeys keys) =>
        Ask(new() { Verb = WireVerb.ReregisterRegion, First = handle, Second = flags }, request, extents, out keys);

    /// <inheritdoc/>
    public Errno DeregisterRegion(uint handle) => Ask(new() { Verb = WireVerb.DeregisterRegion, First = handle });

    /// <inheritdoc/>
    public Errno AllocateWindow(uint protectionDomain, byte type, out RegionKeys keys)
    {
        keys = default;
        return Ask(new() { Verb = WireVerb.AllocateWindow, First = protectionDomain, Second = type }, [], [], Bytes(ref keys));
    }

    /// <inheritdoc/>
    public Errno DeallocateWindow(uint handle) => Ask(new() { Verb = WireVerb.DeallocateWindow, First = handle });

    /// <inheritdoc/>
    public Errno CreateChannel(out uint handle, out int descriptor)
    {
        FrameHeader frame = new() { Verb = WireVerb.CreateChannel, Context = _number };
        Errno error = _vm.Client.Ask(ref frame, [], [], [], out descriptor);
        handle = error == Errno.None ? (uint)frame.First : 0;
        return error;
    }

    /// <inheritdoc/>
    public Errno DestroyChannel(uint handle) => Ask(new() { Verb = WireVerb.DestroyChannel, First = handle });

    /// <inheritdoc/>
    public Errno CreateCompletionQueue(in CompletionQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out CompletionQueueReply reply) =>
        Ask(new() { Verb = WireVerb.CreateCompletionQueue }, request, buffer, out reply);

    /// <inheritdoc/>
    public Errno ResizeCompletionQueue(uint handle, uint entries, ReadOnlySpan<MemoryExtent> buffer) =>
        Ask(new() { Verb = WireVerb.ResizeCompletionQueue, First = handle, Second = entries }, [], buffer, []);

    /// <inheritdoc/>
    public Errno DestroyCompletionQueue(uint handle, out EventCounts fired) => AskForCounts(WireVerb.DestroyCompletionQueue, handle, out fired);

    /// <inheritdoc/>
    public Errno CreateSharedReceiveQueue(in SharedReceiveQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply) =>
        Ask(new() { Verb = WireVerb.CreateSharedReceiveQueue }, request, buffer, out reply);

    /// <inheritdoc/>
    public Errno SetSharedReceiveLimit(uint handle, uint limit) =>
        Ask(new() { Verb = WireVerb.SetSharedReceiveLimit, First = handle, Second = limit });

    /// <inheritdoc/>
    public Errno QuerySharedReceiveQueue(uint handle, out uint mostRequests, out uint mostSegments, out uint limit)
    {
        FrameHeader frame = new() { Verb = WireVerb.QuerySharedReceiveQueue, Context = _number, First = handle };
        Errno error = _vm.Client.Ask(ref frame);
        (mostRequests, mostSegments, limit) = error == Errno.None ? ((uint)frame.First, (uint)frame.Second, (uint)frame.Third) : (0, 0, 0);
        return error;
    }

    /// <inheritdoc/>
    public Errno DestroySharedReceiveQueue(uint handle, out EventCounts fired) => AskForCounts(WireVerb.DestroySharedReceiveQueue, handle, out fired);

    /// <inheritdoc/>
    public Errno CreateQueuePair(in QueuePairRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply) =>
        Ask(new() { Verb = WireVerb.CreateQueuePair }, request, buffer, out reply);

    /// <inheritdoc/>
    public Errno OpenQueuePair(uint xrcDomain, uint number, ulong userHandle, out QueueReply reply)
    {
        reply = default;
        return Ask(new() { Verb = WireVerb.OpenQueuePair, First = xrcDomain, Second = number, Third = userHandle }, [], [], Bytes(ref reply));
    }

    /// <inheritdoc/>
    public Errno ModifyQueuePair(uint handle, uint mask, in QueuePairAttributes attributes) =>
        Ask(new() { Verb = WireVerb.ModifyQueuePair, First = handle, Second = mask }, BytesOf(in attributes), [], []);

    /// <inheritdoc/>
    public Errno QueryQueuePair(uint handle, out QueuePairAttributes attributes, out QueuePairCapacities capacities)
    {
        QueuePairAnswer answer = default;
        Errno error = Ask(new() { Verb = WireVerb.QueryQueuePair, First = handle }, [], [], Bytes(ref answer));
        (attributes, capacities) = (answer.Attributes, answer.Capacities);
        return error;
    }

    /// <inheritdoc/>
    public Errno DestroyQueuePair(uint handle, out EventCounts fired) => AskForCounts(WireVerb.DestroyQueuePair, handle, out fired);

    /// <inheritdoc/>
    public Errno OpenXrcDomain(ulong device, ulong inode, uint openFlags, out uint handle) =>
        AskForHandle(new() { Verb = WireVerb.OpenXrcDomain, First = device, Second = inode, Third = openFlags }, out handle);

    /// <inheritdoc/>
    public Errno CloseXrcDomain(uint handle) => Ask(new() { Verb = WireVerb.CloseXrcDomain, First = handle });

    /// <inheritdoc/>
    public Errno AttachMulticast(uint queuePair, in GlobalAddress group, ushort lid) =>
        Ask(new() { Verb = WireVerb.AttachMulticast, First = queuePair, Second = lid }, BytesOf(in group), [], []);

    /// <inheritdoc/>
    public Errno DetachMulticast(uint queuePair, in GlobalAddress group, ushort lid) =>
        Ask(new() { Verb = WireVerb.DetachMulticast, First = queuePair, Second = lid }, BytesOf(in group), [], []);

    /// <summary>Frees all that the context made.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            if (_eventWriter >= 0)
                UnixSocket.Close(_eventWriter);
        }
        _vm.Forget(this);
        Ask(new() { Verb = WireVerb.CloseContext });
        if (TakeAsyncDescriptor() is >= 0 and var untaken)
            UnixSocket.Close(untaken);
    }

    /// <summary>Tells the program that the device is gone.</summary>
    internal void TellGone()
    {
        AsyncEvent told = new() { Type = AsyncEventType.DeviceFatal };
        using NativeBuffer buffer = new(Unsafe.SizeOf<AsyncEvent>());
        MemoryMarshal.Write(buffer.Span, in told);
        lock (_lock)
            if (!_isDisposed && _eventWriter >= 0)
                HostStubs.Call(SystemCall.Write, _eventWriter, (long)buffer.Address.Value, buffer.Length);
    }

    private static int OpenWriter(int reader)
    {
        const int currentDirectory = -100, writeNonBlockingCloseOnExec = 1 | 0x800 | 0x80000;
        using NativeBuffer path = new(64);
        Encoding.ASCII.GetBytes($"/proc/self/fd/{reader}", path.Span);
        return (int)HostStubs.Call(SystemCall.Openat, currentDirectory, (long)path.Address.Value, writeNonBlockingCloseOnExec);
    }

    private Errno Ask(FrameHeader frame) => Ask(frame, [], [], []);

    private Errno Ask(FrameHeader frame, ReadOnlySpan<byte> body, ReadOnlySpan<MemoryExtent> extents, Span<byte> answer)
    {
        frame.Context = _number;
        return _vm.Client.Ask(ref frame, body, extents, answer, out _);
    }

    private Errno Ask<TRequest, TReply>(FrameHeader frame, in TRequest request, ReadOnlySpan<MemoryExtent> extents, out TReply reply)
        where TRequest : unmanaged where TReply : unmanaged
    {
        reply = default;
        return Ask(frame, BytesOf(in request), extents, Bytes(ref reply));
    }

    private Errno AskForHandle(FrameHeader frame, out uint handle)
    {
        frame.Context = _number;
        Errno error = _vm.Client.Ask(ref frame);
        handle = error == Errno.None ? (uint)frame.First : 0;
        return error;
    }

    private Errno AskForCounts(WireVerb verb, uint handle, out EventCounts fired)
    {
        fired = default;
        return Ask(new() { Verb = verb, First = handle }, [], [], Bytes(ref fired));
    }

    private static ReadOnlySpan<byte> BytesOf<T>(ref readonly T value) where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value));

    private static Span<byte> Bytes<T>(ref T value) where T : unmanaged => MemoryMarshal.AsBytes(new Span<T>(ref value));
}
