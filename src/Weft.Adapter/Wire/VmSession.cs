using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>
/// What one VM asks, frame by frame: lengths and counts are checked here, handles by the adapter. EPROTO for what is no
/// question at all, after which the connection ends.
/// </summary>
/// <remarks>One thread. Disposing it disposes of the contexts, not of the VM.</remarks>
internal sealed class VmSession(IAdapterVm vm, FrameChannel channel, int mostContexts) : IDisposable
{
    private readonly Dictionary<uint, IAdapterContext> _contexts = [];
    private readonly ConnectionSession _connections = new(vm, channel);
    private uint _lastContext;

    /// <summary>Does it. On success the frame is the answer, whose body stands in the channel's payload.</summary>
    /// <param name="frame">The question; then the answer.</param>
    /// <param name="descriptors">What came with it; the caller closes them.</param>
    /// <param name="returned">What goes with the answer, to be closed when sent; -1 for none.</param>
    internal Errno Do(ref FrameHeader frame, ReadOnlySpan<int> descriptors, out int returned)
    {
        returned = -1;
        if (descriptors.Length != (frame.Verb == WireVerb.AttachMemory ? 1 : 0))
            return Errno.EPROTO;
        if (frame.Verb is WireVerb.AttachMemory or WireVerb.DetachMemory or WireVerb.CountTraffic or WireVerb.OpenContext)
            return DoForVm(ref frame, descriptors, out returned);
        if (ConnectionSession.Knows(frame.Verb))
            return _connections.Do(ref frame, out returned);
        if (!_contexts.TryGetValue(frame.Context, out IAdapterContext? context))
            return Errno.EINVAL;
        if (frame.Verb == WireVerb.CloseContext && frame.LengthBytes == 0)
        {
            _contexts.Remove(frame.Context);
            context.Dispose();
            return Errno.None;
        }
        return frame.Verb switch
        {
            WireVerb.RegisterRegion or WireVerb.ReregisterRegion => DoForRegion(context, ref frame),
            WireVerb.CreateCompletionQueue or WireVerb.ResizeCompletionQueue or WireVerb.CreateSharedReceiveQueue or WireVerb.CreateQueuePair =>
                DoWithBuffer(context, ref frame),
            WireVerb.ModifyQueuePair or WireVerb.AttachMulticast or WireVerb.DetachMulticast => DoWithBody(context, ref frame),
            _ when frame.LengthBytes == 0 => DoPlain(context, ref frame, out returned),
            _ => Errno.EPROTO,
        };
    }

    /// <summary>Frees every context, and closes the connections.</summary>
    public void Dispose()
    {
        _connections.Dispose();
        foreach (IAdapterContext context in _contexts.Values)
            context.Dispose();
        _contexts.Clear();
    }

    private Errno DoForVm(ref FrameHeader frame, ReadOnlySpan<int> descriptors, out int returned)
    {
        returned = -1;
        if (frame.LengthBytes != 0)
            return Errno.EPROTO;
        switch (frame.Verb)
        {
            case WireVerb.AttachMemory:
                Errno error = vm.AttachMemory(descriptors[0], frame.First != 0, out int source);
                frame.First = (uint)source;
                return error;
            case WireVerb.DetachMemory:
                return frame.First is > 0 and <= int.MaxValue ? vm.DetachMemory((int)frame.First) : Errno.EINVAL;
            case WireVerb.CountTraffic:
                return Put(ref frame, Errno.None, vm.CountTraffic());
            default:
                return OpenContext(ref frame, out returned);
        }
    }

    private Errno OpenContext(ref FrameHeader frame, out int returned)
    {
        returned = -1;
        if (_contexts.Count >= mostContexts || _lastContext == uint.MaxValue)
            return Errno.EMFILE;
        Errno error = vm.OpenContext(out IAdapterContext? context);
        if (error != Errno.None || context is null)
            return error;
        returned = context.TakeAsyncDescriptor();
        _contexts.Add(++_lastContext, context);
        frame.First = _lastContext;
        return Errno.None;
    }

    private Errno DoForRegion(IAdapterContext context, ref FrameHeader frame)
    {
        if (!TryTake(frame, out RegionRequest request, out ReadOnlySpan<MemoryExtent> extents))
            return Errno.EPROTO;
        RegionKeys keys;
        Errno error = frame.Verb == WireVerb.RegisterRegion
            ? context.RegisterRegion(request, extents, out keys)
            : TryHandles(frame, out uint handle, out uint flags) ? context.ReregisterRegion(handle, flags, request, extents, out keys) : Fail(out keys);
        return Put(ref frame, error, keys);
    }

    private Errno DoWithBuffer(IAdapterContext context, ref FrameHeader frame)
    {
        switch (frame.Verb)
        {
            case WireVerb.CreateCompletionQueue when TryTake(frame, out CompletionQueueRequest request, out var buffer):
                return Put(ref frame, context.CreateCompletionQueue(request, buffer, out CompletionQueueReply queue), queue);
            case WireVerb.CreateSharedReceiveQueue when TryTake(frame, out SharedReceiveQueueRequest request, out var buffer):
                return Put(ref frame, context.CreateSharedReceiveQueue(request, buffer, out QueueReply shared), shared);
            case WireVerb.CreateQueuePair when TryTake(frame, out QueuePairRequest request, out var buffer):
                return Put(ref frame, context.CreateQueuePair(request, buffer, out QueueReply pair), pair);
            case WireVerb.ResizeCompletionQueue when TryExtents(channel.Payload[..(int)frame.LengthBytes], out var buffer):
                Errno error = TryHandles(frame, out uint handle, out uint entries) ? context.ResizeCompletionQueue(handle, entries, buffer) : Errno.EINVAL;
                frame.LengthBytes = 0;
                return error;
            default:
                return Errno.EPROTO;
        }
    }

    private Errno DoWithBody(IAdapterContext context, ref FrameHeader frame)
    {
        bool isModify = frame.Verb == WireVerb.ModifyQueuePair;
        if (frame.LengthBytes != (isModify ? Unsafe.SizeOf<QueuePairAttributes>() : Unsafe.SizeOf<GlobalAddress>()))
            return Errno.EPROTO;
        frame.LengthBytes = 0;
        if (!TryHandles(frame, out uint handle, out uint second))
            return Errno.EINVAL;
        if (isModify)
        {
            QueuePairAttributes attributes = MemoryMarshal.Read<QueuePairAttributes>(channel.Payload);
            return context.ModifyQueuePair(handle, second, attributes);
        }
        GlobalAddress group = MemoryMarshal.Read<GlobalAddress>(channel.Payload);
        if (second > ushort.MaxValue)
            return Errno.EINVAL;
        return frame.Verb == WireVerb.AttachMulticast
            ? context.AttachMulticast(handle, group, (ushort)second)
            : context.DetachMulticast(handle, group, (ushort)second);
    }

    private Errno DoPlain(IAdapterContext context, ref FrameHeader frame, out int returned)
    {
        returned = -1;
        if (frame.Verb == WireVerb.OpenXrcDomain)
        {
            Errno opened = context.OpenXrcDomain(frame.First, frame.Second, (uint)frame.Third, out uint domain);
            frame.First = domain;
            return opened;
        }
        if (!TryHandles(frame, out uint handle, out uint second))
            return Errno.EINVAL;
        switch (frame.Verb)
        {
            case WireVerb.AllocateProtectionDomain:
                Errno allocated = context.AllocateProtectionDomain(out uint protectionDomain);
                frame.First = protectionDomain;
                return allocated;
            case WireVerb.CreateChannel:
                Errno created = context.CreateChannel(out uint made, out int descriptor);
                frame.First = made;
                if (created == Errno.None)
                    returned = descriptor;
                return created;
            case WireVerb.QuerySharedReceiveQueue:
                Errno queried = context.QuerySharedReceiveQueue(handle, out uint requests, out uint segments, out uint limit);
                (frame.First, frame.Second, frame.Third) = (requests, segments, limit);
                return queried;
            case WireVerb.QueryQueuePair:
                QueuePairAnswer answer;
                return Put(ref frame, context.QueryQueuePair(handle, out answer.Attributes, out answer.Capacities), answer);
            case WireVerb.AllocateWindow:
                RegionKeys keys = default;
                Errno error = second <= byte.MaxValue ? context.AllocateWindow(handle, (byte)second, out keys) : Errno.EINVAL;
                return Put(ref frame, error, keys);
            case WireVerb.OpenQueuePair:
                return Put(ref frame, context.OpenQueuePair(handle, second, frame.Third, out QueueReply joined), joined);
            default:
                return DoWithHandle(context, ref frame, handle, second);
        }
    }

    private Errno DoWithHandle(IAdapterContext context, ref FrameHeader frame, uint handle, uint second)
    {
        switch (frame.Verb)
        {
            case WireVerb.DestroyCompletionQueue:
                return Put(ref frame, context.DestroyCompletionQueue(handle, out EventCounts ofQueue), ofQueue);
            case WireVerb.DestroySharedReceiveQueue:
                return Put(ref frame, context.DestroySharedReceiveQueue(handle, out EventCounts ofShared), ofShared);
            case WireVerb.DestroyQueuePair:
                return Put(ref frame, context.DestroyQueuePair(handle, out EventCounts ofPair), ofPair);
        }
        return frame.Verb switch
        {
            WireVerb.DeallocateProtectionDomain => context.DeallocateProtectionDomain(handle),
            WireVerb.DeregisterRegion => context.DeregisterRegion(handle),
            WireVerb.DeallocateWindow => context.DeallocateWindow(handle),
            WireVerb.DestroyChannel => context.DestroyChannel(handle),
            WireVerb.SetSharedReceiveLimit => context.SetSharedReceiveLimit(handle, second),
            WireVerb.CloseXrcDomain => context.CloseXrcDomain(handle),
            _ => Errno.EPROTO,
        };
    }

    /// <summary>The structure and the extents behind it; a copy of the first, a view of the others: the payload is ours alone.</summary>
    private bool TryTake<T>(in FrameHeader frame, out T request, out ReadOnlySpan<MemoryExtent> extents) where T : unmanaged
    {
        request = default;
        extents = default;
        ReadOnlySpan<byte> payload = channel.Payload[..(int)frame.LengthBytes];
        return MemoryMarshal.TryRead(payload, out request) && TryExtents(payload[Unsafe.SizeOf<T>()..], out extents);
    }

    private static bool TryExtents(ReadOnlySpan<byte> bytes, out ReadOnlySpan<MemoryExtent> extents)
    {
        extents = MemoryMarshal.Cast<byte, MemoryExtent>(bytes);
        return bytes.Length % Unsafe.SizeOf<MemoryExtent>() == 0;
    }

    /// <summary>The first two arguments as 32-bit numbers; false when they are none.</summary>
    private static bool TryHandles(in FrameHeader frame, out uint first, out uint second)
    {
        (first, second) = ((uint)frame.First, (uint)frame.Second);
        return frame.First <= uint.MaxValue && frame.Second <= uint.MaxValue;
    }

    private static Errno Fail<T>(out T reply) where T : unmanaged
    {
        reply = default;
        return Errno.EINVAL;
    }

    private Errno Put<T>(ref FrameHeader frame, Errno error, in T reply) where T : unmanaged
    {
        frame.LengthBytes = 0;
        if (error == Errno.None)
        {
            MemoryMarshal.Write(channel.Payload, in reply);
            frame.LengthBytes = (uint)Unsafe.SizeOf<T>();
        }
        return error;
    }
}
