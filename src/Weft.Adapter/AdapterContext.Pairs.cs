using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

internal sealed partial class AdapterContext
{
    /// <inheritdoc/>
    public Errno CreateQueuePair(in QueuePairRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueueReply reply)
    {
        reply = default;
        using (Adapter.Gate.Enter())
        {
            Errno error = TryMake(request, buffer, out QueuePair? pair);
            if (error != Errno.None)
                return error;
            if (!Adapter.TryAdd(pair!))
            {
                pair!.Release();
                return Errno.ENOMEM;
            }
            pair!.Handle = _pairs.Add(pair);
            CountUsers(pair, 1);
            if (pair.Type != QueuePairType.XrcReceive)
                Guard(pair.ProtectionDomain, 1);
            Vm.QueuePairs++;
            reply = new QueueReply { Handle = pair.Handle, Number = pair.Number };
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno OpenQueuePair(uint xrcDomain, uint number, ulong userHandle, out QueueReply reply)
    {
        reply = default;
        using (Adapter.Gate.Enter())
        {
            if (_xrcDomains.Find(xrcDomain) is not { } domain || Adapter.FindPair(number) is not { Type: QueuePairType.XrcReceive } pair || pair.Domain != domain)
                return Errno.EINVAL;
            // The target stays its maker's: the opener gets a handle to name it by.
            reply = new QueueReply { Handle = _pairs.Add(pair), Number = pair.Number };
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno ModifyQueuePair(uint handle, uint mask, in QueuePairAttributes attributes)
    {
        using (Adapter.Gate.Enter())
        {
            if (_pairs.Find(handle) is not { } pair)
                return Errno.EINVAL;
            QueuePairState to = (mask & ModifyRules.State) != 0 ? attributes.State : pair.State;
            if ((mask & ModifyRules.CurrentState) != 0 && attributes.CurrentState != pair.State
                || !ModifyRules.Allow(pair.Type, pair.State, to, mask) || !AreValues(mask, attributes))
                return Errno.EINVAL;
            ModifyRules.Apply(ref pair.Attributes, attributes, mask);
            pair.Target = null;
            Enter(pair, to);
        }
        Vm.Engine.Wake();
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno QueryQueuePair(uint handle, out QueuePairAttributes attributes, out QueuePairCapacities capacities)
    {
        (attributes, capacities) = (default, default);
        using (Adapter.Gate.Enter())
        {
            if (_pairs.Find(handle) is not { } pair)
                return Errno.EINVAL;
            attributes = pair.Attributes;
            attributes.CurrentState = pair.State;
            capacities = new QueuePairCapacities
            {
                SendRequests = pair.Send.Count,
                ReceiveRequests = pair.Receives.Count,
                SendSegments = (uint)pair.Send.MostSegments,
                ReceiveSegments = (uint)pair.Receives.MostSegments,
                Inline = pair.MostInline,
                SignalsAll = pair.SignalsAll ? 1u : 0,
            };
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DestroyQueuePair(uint handle, out EventCounts fired)
    {
        fired = default;
        using (Adapter.Gate.Enter())
        {
            if (_pairs.Find(handle) is not { } pair)
                return Errno.EINVAL;
            if (pair.Owner != this)
            {
                _pairs.Remove(handle);
                return Errno.None;
            }
            EndPair(pair);
            fired = new EventCounts { Asynchronous = pair.AsyncEvents };
        }
        Vm.Engine.Wake();
        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno AttachMulticast(uint queuePair, in GlobalAddress group, ushort lid)
    {
        using (Adapter.Gate.Enter())
        {
            if (_pairs.Find(queuePair) is not { Type: QueuePairType.UnreliableDatagram } pair || group.Prefix >> 56 != 0xff)
                return Errno.EINVAL;
            Adapter.JoinGroup(group, pair);
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    public Errno DetachMulticast(uint queuePair, in GlobalAddress group, ushort lid)
    {
        using (Adapter.Gate.Enter())
            return _pairs.Find(queuePair) is { } pair && Adapter.LeaveGroup(group, pair) ? Errno.None : Errno.EINVAL;
    }

    private static bool AreValues(uint mask, in QueuePairAttributes attributes)
    {
        const byte longestMtu = 5, mostTimer = 31, mostRetries = 7;
        return ((mask & ModifyRules.Port) == 0 || attributes.Port == 1)
            && ((mask & ModifyRules.Partition) == 0 || attributes.PartitionIndex == 0)
            && ((mask & ModifyRules.Mtu) == 0 || attributes.PathMtu is >= 1 and <= longestMtu)
            && ((mask & ModifyRules.RnrTimer) == 0 || attributes.RnrTimer <= mostTimer)
            && ((mask & ModifyRules.Timeout) == 0 || attributes.Timeout <= mostTimer)
            && ((mask & ModifyRules.Retry) == 0 || attributes.RetryCount <= mostRetries)
            && ((mask & ModifyRules.RnrRetry) == 0 || attributes.RnrRetry <= mostRetries)
            && ((mask & ModifyRules.Path) == 0 || attributes.Path.Port <= 1 && (attributes.Path.IsGlobal == 0 || attributes.Path.SourceIndex == 0));
    }

    private void Enter(QueuePair pair, QueuePairState to)
    {
        QueuePairState from = pair.State;
        pair.Attributes.State = to;
        if (to == QueuePairState.Reset)
        {
            pair.Reset();
            LocalOperations.UnbindWindows(pair);
            pair.Attributes = new QueuePairAttributes { Access = pair.Attributes.Access };
        }
        if (to == QueuePairState.Init)
            pair.HasSendRing = pair.Send.Count > 0;
        if (to == QueuePairState.SendQueueDrained && from != to && pair.Attributes.WantsDrainEvent != 0 && !pair.HasHeld && pair.Remote is not { InFlight: > 0 })
            pair.Fire(AsyncEventType.SendQueueDrained);
        pair.Vm.Engine.Promote(pair);
    }

    private Errno TryMake(in QueuePairRequest request, ReadOnlySpan<MemoryExtent> buffer, out QueuePair? pair)
    {
        pair = null;
        bool isTarget = request.Type == QueuePairType.XrcReceive, isSource = request.Type == QueuePairType.XrcSend;
        if (request.Type is not (QueuePairType.ReliableConnection or QueuePairType.UnreliableConnection or QueuePairType.UnreliableDatagram) && !isTarget && !isSource)
            return Errno.EOPNOTSUPP;
        XrcDomain? domain = isTarget ? _xrcDomains.Find(request.XrcDomain) : null;
        CompletionQueue? sends = isTarget ? null : _completionQueues.Find(request.SendQueue);
        CompletionQueue? receives = isTarget || isSource ? null : _completionQueues.Find(request.ReceiveQueue);
        SharedReceiveQueue? shared = request.SharedReceiveQueue == 0 ? null : _sharedQueues.Find(request.SharedReceiveQueue);
        if (isTarget && domain is null || !isTarget && (sends is null || !_domains.ContainsKey(request.ProtectionDomain))
            || !isTarget && !isSource && receives is null || request.SharedReceiveQueue != 0 && shared is null)
            return Errno.EINVAL;
        if (Vm.QueuePairs >= Vm.Device.MostQueuePairs)
            return Errno.ENOMEM;
        bool hasReceives = request.Receive.Count > 0;
        if (!isTarget && !IsSendRing(request.Send, buffer) || hasReceives && (shared is not null || !IsRing(request.Receive, buffer)))
            return Errno.EINVAL;
        MemoryView? view = null, record = null;
        if (!isTarget)
        {
            Errno error = MapRing(buffer, 0, 1u << (int)Math.Max(request.Send.StrideShift, hasReceives ? request.Receive.StrideShift : 0), out view);
            if (error == Errno.None && hasReceives)
                error = MapRecord(request.Record, 4, out record);
            if (error != Errno.None)
            {
                view?.Release();
                return error;
            }
        }
        pair = new QueuePair(this, isTarget ? WithoutRings(request) : request, view, record)
        {
            SendCompletions = sends,
            ReceiveCompletions = receives,
            SharedReceives = shared,
            Domain = domain,
            Held = new ReceiveRequest(isTarget ? (int)MostSegments : shared?.MostSegments ?? Math.Max(1, (int)request.Receive.MostSegments)),
        };
        return Errno.None;
    }

    private static bool IsSendRing(in QueueLayout ring, ReadOnlySpan<MemoryExtent> buffer) =>
        ring.Count > 0 && ring.StrideShift is >= 6 and <= 10 && IsRing(ring, buffer);

    private static QueuePairRequest WithoutRings(QueuePairRequest request)
    {
        (request.Send, request.Receive) = (default, default);
        return request;
    }

    private static void CountUsers(QueuePair pair, int change)
    {
        if (pair.SendCompletions is not null)
            pair.SendCompletions.Users += change;
        if (pair.ReceiveCompletions is not null)
            pair.ReceiveCompletions.Users += change;
        if (pair.SharedReceives is not null)
            pair.SharedReceives.Users += change;
    }

    private void EndPair(QueuePair pair)
    {
        if (pair.Owner != this)
            return;
        _pairs.Remove(pair.Handle);
        Adapter.Remove(pair);
        CountUsers(pair, -1);
        if (pair.Type != QueuePairType.XrcReceive)
            Guard(pair.ProtectionDomain, -1);
        Vm.QueuePairs--;
        Vm.Ended.Add(pair.Counts);
        LocalOperations.UnbindWindows(pair);
        pair.Attributes.State = QueuePairState.Reset;
        pair.Release();
    }
}
