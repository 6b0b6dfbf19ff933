using System.Numerics;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

internal sealed partial class AdapterContext
{
    private const uint MostEntries = (1 << 22) - 1, MostRequests = 1 << 14, MostSegments = 64;
    private const ulong RecordAlignment = 4;

    /// <summary>Of a VM: each is a descriptor of the daemon's, which serves other VMs too.</summary>
    private const int MostChannels = 1024;

    /// <inheritdoc/>
    public Errno CreateChannel(out uint handle, out int descriptor)
    {
        handle = 0;
        Errno error = EventPipe.Create(out EventPipe? pipe, out descriptor);
        if (error != Errno.None)
            return error;
        using (Adapter.Gate.Enter())
        {
            if (!_isClosed && Vm.Channels < MostChannels)
            {
                Vm.Channels++;
                handle = _channels.Add(new CompletionChannel(pipe!));
                return Errno.None;
            }
            error = _isClosed ? Errno.EINVAL : Errno.EMFILE;
        }
        pipe!.Dispose();
        HostStubs.Call(SystemCall.Close, descriptor);
        descriptor = -1;
        return error;
    }

    /// <inheritdoc/>
    public Errno DestroyChannel(uint handle)
    {
        using (Adapter.Gate.Enter())
        {
            if (_channels.Find(handle) is not { } channel)
                return Errno.EINVAL;
            if (channel.Users > 0)
                return Errno.EBUSY;
            EndChannel(handle, channel);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno CreateCompletionQueue(in CompletionQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out CompletionQueueReply reply)
    {
        reply = default;
        using (Adapter.Gate.Enter())
        {
            CompletionChannel? channel = request.Channel == 0 ? null : _channels.Find(request.Channel);
            if (_isClosed || request.Channel != 0 && channel is null || request.EntryBytes is not (32 or 64) || !AreEntries(request.Entries))
                return Errno.EINVAL;
            if (Vm.CompletionQueues >= Vm.Device.MostCompletionQueues)
                return Errno.ENOMEM;
            Errno error = MapRing(buffer, (ulong)(request.Entries + 1) * request.EntryBytes, request.EntryBytes, out MemoryView? view);
            if (error != Errno.None)
                return error;
            error = MapRecord(request.Record, 8, out MemoryView? record);
            if (error != Errno.None)
            {
                view!.Release();
                return error;
            }
            CompletionQueue queue = new(this, request, view!, record!) { Channel = channel };
            queue.Handle = _completionQueues.Add(queue);
            queue.Number = Adapter.NextCompletionQueue();
            if (channel is not null)
            {
                channel.Users++;
                Vm.Engine.Add(queue);
            }
            Vm.CompletionQueues++;
            reply = new CompletionQueueReply { Handle = queue.Handle, Number = queue.Number };
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno ResizeCompletionQueue(uint handle, uint entries, ReadOnlySpan<MemoryExtent> buffer)
    {
        using (Adapter.Gate.Enter())
        {
            if (_completionQueues.Find(handle) is not { } queue || !AreEntries(entries))
                return Errno.EINVAL;
            Errno error = MapRing(buffer, (ulong)(entries + 1) * (ulong)queue.EntryBytes, (ulong)queue.EntryBytes, out MemoryView? view);
            if (error != Errno.None)
                return error;
            if (queue.TryResize(view!, entries))
                return Errno.None;
            view!.Release();
            return Errno.EINVAL;
        }
    }

    /// <inheritdoc/>
    public Errno DestroyCompletionQueue(uint handle, out EventCounts fired)
    {
        fired = default;
        using (Adapter.Gate.Enter())
        {
            if (_completionQueues.Find(handle) is not { } queue)
                return Errno.EINVAL;
            if (queue.Users > 0)
                return Errno.EBUSY;
            EndCompletionQueue(queue);
            fired = new EventCounts { Completion = queue.CompletionEvents, Asynchronous = queue.AsyncEvents };
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno CreateSharedReceiveQueue(in SharedReceiveQueueRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply)
    {
        reply = default;
        using (Adapter.Gate.Enter())
        {
            XrcDomain? domain = request.XrcDomain == 0 ? null : _xrcDomains.Find(request.XrcDomain);
            CompletionQueue? completions = request.CompletionQueue == 0 ? null : _completionQueues.Find(request.CompletionQueue);
            if (!_domains.ContainsKey(request.ProtectionDomain) || request.XrcDomain != 0 && (domain is null || completions is null)
                || request.Limit > request.Ring.Count || !IsRing(request.Ring, buffer) || request.Ring.Count < 2 || request.Ring.StrideShift < 5)
                return Errno.EINVAL;
            if (Vm.SharedReceiveQueues >= Vm.Device.MostSharedReceiveQueues)
                return Errno.ENOMEM;
            Errno error = MapRing(buffer, 0, 1u << (int)request.Ring.StrideShift, out MemoryView? view);
            if (error != Errno.None)
                return error;
            error = MapRecord(request.Record, 4, out MemoryView? record);
            if (error != Errno.None)
            {
                view!.Release();
                return error;
            }
            SharedReceiveQueue queue = new(this, request, view!, record!) { Domain = domain, Completions = completions };
            if (!Adapter.TryAdd(queue))
            {
                queue.Release();
                return Errno.ENOMEM;
            }
            Guard(queue.ProtectionDomain, 1);
            queue.Handle = _sharedQueues.Add(queue);
            if (completions is not null)
                completions.Users++;
            Vm.SharedReceiveQueues++;
            reply = new QueueReply { Handle = queue.Handle, Number = queue.Number };
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno SetSharedReceiveLimit(uint handle, uint limit)
    {
        using (Adapter.Gate.Enter())
        {
            if (_sharedQueues.Find(handle) is not { } queue || limit > queue.MostRequests)
                return Errno.EINVAL;
            queue.Limit = limit;
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno QuerySharedReceiveQueue(uint handle, out uint mostRequests, out uint mostSegments, out uint limit)
    {
        (mostRequests, mostSegments, limit) = (0, 0, 0);
        using (Adapter.Gate.Enter())
        {
            if (_sharedQueues.Find(handle) is not { } queue)
                return Errno.EINVAL;
            (mostRequests, mostSegments, limit) = (queue.MostRequests, (uint)queue.MostSegments, queue.Limit);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DestroySharedReceiveQueue(uint handle, out EventCounts fired)
    {
        fired = default;
        using (Adapter.Gate.Enter())
        {
            if (_sharedQueues.Find(handle) is not { } queue)
                return Errno.EINVAL;
            if (queue.Users > 0)
                return Errno.EBUSY;
            EndShared(queue);
            fired = new EventCounts { Asynchronous = queue.AsyncEvents };
            return Errno.None;
        }
    }

    private static bool AreEntries(uint entries) => entries <= MostEntries && BitOperations.IsPow2(entries + 1);

    /// <summary>Whether a ring's numbers make sense and it lies inside its buffer.</summary>
    private static bool IsRing(in QueueLayout ring, ReadOnlySpan<MemoryExtent> buffer)
    {
        const uint leastShift = 4, mostShift = 11;
        if (!BitOperations.IsPow2(ring.Count) || ring.Count > MostRequests * 4 || ring.StrideShift is < leastShift or > mostShift
            || ring.MostSegments is 0 or > MostSegments || ring.OffsetBytes % 16 != 0)
            return false;
        ulong total = 0;
        foreach (ref readonly MemoryExtent extent in buffer)
            total += extent.LengthBytes;
        return (ulong)ring.OffsetBytes + ((ulong)ring.Count << (int)ring.StrideShift) <= total;
    }

    /// <summary>Rings and records lie in the arena, which can't vanish under the engine.</summary>
    private Errno MapRing(ReadOnlySpan<MemoryExtent> extents, ulong leastBytes, ulong unitBytes, out MemoryView? view)
    {
        Errno error = MemoryView.Create(Vm.MemoryOf, extents, unitBytes, out view);
        if (error != Errno.None)
            return error;
        if (view!.LengthBytes >= leastBytes && !view.CanFault && view.IsWritable)
            return Errno.None;
        view.Release();
        view = null;
        return Errno.EINVAL;
    }

    private Errno MapRecord(in MemoryExtent extent, ulong bytes, out MemoryView? view)
    {
        view = null;
        if (extent.Offset % RecordAlignment != 0)
            return Errno.EINVAL;
        MemoryExtent exact = extent;
        exact.LengthBytes = bytes;
        Errno error = MemoryView.Create(Vm.MemoryOf, [exact], 1, out view);
        if (error != Errno.None)
            return error;
        if (!view!.CanFault && view.IsWritable)
            return Errno.None;
        view.Release();
        view = null;
        return Errno.EINVAL;
    }

    private void EndCompletionQueue(CompletionQueue queue)
    {
        _completionQueues.Remove(queue.Handle);
        if (queue.Channel is not null)
        {
            queue.Channel.Users--;
            Vm.Engine.Forget(queue);
        }
        Vm.CompletionQueues--;
        queue.Release();
    }

    private void EndChannel(uint handle, CompletionChannel channel)
    {
        _channels.Remove(handle);
        channel.Pipe.Dispose();
        Vm.Channels--;
    }

    private void EndShared(SharedReceiveQueue queue)
    {
        _sharedQueues.Remove(queue.Handle);
        Guard(queue.ProtectionDomain, -1);
        Adapter.Remove(queue);
        if (queue.Completions is not null)
            queue.Completions.Users--;
        Vm.SharedReceiveQueues--;
        queue.Release();
    }
}
