using Weft.Adapter.Control;
using Weft.Fabric.Links;
using Weft.Native;

namespace Weft.Adapter.Remote;

/// <summary>
/// The receiving side of requests from other hosts: checks what each piece may do here, moves it once from the link's buffer
/// into the guest, and answers. What can't be answered at once, for want of room on the link, is owed: bounded per queue pair.
/// </summary>
/// <remarks>Runs on the engine's thread, under the adapter's gate. Allocates nothing per request.</remarks>
internal class RemoteResponder(VirtualAdapter adapter)
{
    private const uint StreamMask = 0x7fff;
    private const int TurnBytes = 512 << 10;
    private readonly Responder _responder = new(adapter);
    private readonly SendRequest _request = new();
    private readonly Segment[] _remote = new Segment[1];
    private readonly List<QueuePair> _owing = [];
    private readonly OrphanRefusals _orphans = new();

    /// <summary>Takes a piece of a request.</summary>
    internal void Take(LinkCore link, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        QueuePair? pair = adapter.FindPair(header.ToPair);
        if (pair is null || !Accepts(pair, header))
        {
            // The requester keeps trying until it has no retries left: the queue pair may still be on its way to RTR.
            if (pair?.Type != QueuePairType.UnreliableConnection && header.Has(RemoteFlags.First))
                _orphans.Add(link, header);
            return;
        }
        RemoteAnswers answers = pair.Answers ??= new RemoteAnswers();
        (answers.Link, answers.ToLid, answers.ToPair) = (link, header.FromLid, header.FromPair);
        if (pair.Type == QueuePairType.UnreliableConnection)
            TakeUnreliable(pair, answers, header, data);
        else if (IsExpected(answers, header))
            TakeReliable(pair, answers, header, data);
        if (answers.Owes && !TryAnswer(pair, answers))
            List(pair, answers);
    }

    /// <summary>Takes a datagram for one queue pair.</summary>
    internal void TakeDatagram(in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        if (adapter.FindPair(header.ToPair) is { } pair && pair.Vm.Device.Lid == header.ToLid)
            Deliver(pair, header, data);
    }

    /// <summary>Takes a datagram for this host's members of a group.</summary>
    internal void TakeGroupDatagram(in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        if (adapter.MembersOf(header.Group) is not { } members)
            return;
        foreach (QueuePair member in members)
            Deliver(member, header, data);
    }

    /// <summary>Answers what is owed. True when something could be.</summary>
    internal bool Turn()
    {
        bool hasMoved = _orphans.TrySend();
        for (int index = _owing.Count - 1; index >= 0; index--)
        {
            QueuePair pair = _owing[index];
            RemoteAnswers? answers = pair.IsGone ? null : pair.Answers;
            if (answers is not null && !TryAnswer(pair, answers))
                continue;
            if (answers is not null)
                answers.IsListed = false;
            hasMoved = true;
            _owing[index] = _owing[^1];
            _owing.RemoveAt(_owing.Count - 1);
        }
        return hasMoved;
    }

    /// <summary>The session with a host is over: nothing is owed to it any more.</summary>
    internal void Broken(LinkCore link) => _orphans.Forget(link);

    private static bool Accepts(QueuePair pair, in RemoteHeader header) =>
        pair.IsReceiving && pair.Type != QueuePairType.UnreliableDatagram && pair.Vm.Device.Lid == header.ToLid
        && pair.Attributes.DestinationQueuePair == header.FromPair && VirtualAdapter.LidOf(pair.Attributes.Path) == header.FromLid;

    /// <summary>Whether a piece is the one that is due: what is not is dropped, and refused once.</summary>
    protected virtual bool IsExpected(RemoteAnswers answers, in RemoteHeader header)
    {
        bool isFirst = header.Has(RemoteFlags.First);
        if (!answers.HasBegun && isFirst && header.Has(RemoteFlags.Begin))
            (answers.HasBegun, answers.Expected, answers.HasRefused) = (true, header.Number, false);
        if (answers.HasRefused && !(isFirst && header.Has(RemoteFlags.Restart)))
            return false;
        if (isFirst)
            (answers.HasRefused, answers.Progress) = (false, 0);
        if (answers.HasBegun && header.Number == answers.Expected)
            return true;
        Refuse(answers, header.Number, WorkStatus.RetriesExceeded);
        return false;
    }

    private static void Refuse(RemoteAnswers answers, uint number, WorkStatus reason) =>
        (answers.HasRefused, answers.OwesRefusal, answers.Reason, answers.RefusedNumber) = (true, true, reason, number);

    private void TakeReliable(QueuePair pair, RemoteAnswers answers, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        WorkStatus status = Execute(pair, answers, header, data);
        if (status != WorkStatus.Success)
        {
            Refuse(answers, header.Number, status);
            return;
        }
        answers.Progress += (uint)data.Length;
        if (!header.Has(RemoteFlags.Last))
            return;
        answers.Progress = 0;
        answers.Expected++;
        if (answers.JobCount == 0)
            adapter.Deliveries++;
        answers.OwesAcknowledgement |= header.Has(RemoteFlags.WantsAnswer);
    }

    /// <summary>Nothing is answered; after a piece that can't be taken the rest of its message is dropped.</summary>
    private void TakeUnreliable(QueuePair pair, RemoteAnswers answers, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        if (header.Has(RemoteFlags.First))
            (answers.HasRefused, answers.Progress) = (false, 0);
        if (answers.HasRefused)
            return;
        answers.HasRefused = Execute(pair, answers, header, data) != WorkStatus.Success;
        adapter.Deliveries++;
        answers.Progress += (uint)data.Length;
    }

    private WorkStatus Execute(QueuePair pair, RemoteAnswers answers, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        FillRequest(header);
        var kind = (RequestKind)header.Operation;
        bool carries = kind is RequestKind.Send or RequestKind.SendImmediate or RequestKind.SendInvalidate or RequestKind.Write or RequestKind.WriteImmediate;
        bool isWhole = !carries || (ulong)header.Offset + (uint)data.Length == header.TotalBytes;
        if (header.Offset != answers.Progress || (ulong)header.Offset + (uint)data.Length > header.TotalBytes || isWhole != header.Has(RemoteFlags.Last))
            return _responder.Break(pair, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest);
        if (pair.Type == QueuePairType.XrcReceive && !_responder.TryEnterShared(pair, _request))
            return _responder.Break(pair, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest);
        return kind switch
        {
            RequestKind.Send or RequestKind.SendImmediate or RequestKind.SendInvalidate => Send(pair, header, data, isWhole),
            RequestKind.Write or RequestKind.WriteImmediate => Write(pair, header, data, isWhole),
            RequestKind.Read => Read(pair, answers, header),
            RequestKind.CompareSwap or RequestKind.FetchAdd => Atomic(pair, answers, header),
            _ => _responder.Break(pair, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest),
        };
    }

    private WorkStatus Send(QueuePair pair, in RemoteHeader header, ReadOnlySpan<byte> data, bool isWhole)
    {
        if (!_responder.TryTakeReceive(pair, _request))
            return WorkStatus.ReceiverNotReady;
        if (header.TotalBytes > pair.Held.CapacityBytes)
            return _responder.FailReceive(pair, WorkStatus.LocalLength, WorkStatus.RemoteInvalidRequest);
        MemoryCursor destination = new(pair, Responder.ReceiveSegments(pair), AccessRights.LocalWrite, header.Offset);
        if (!RemoteCopy.TryScatter(destination, data, lastByteLast: false))
            return _responder.FailReceive(pair, WorkStatus.LocalProtection, WorkStatus.RemoteOperation);
        if (!isWhole)
            return WorkStatus.Success;
        if (_request.Kind == RequestKind.SendInvalidate && !LocalOperations.TryInvalidate(pair, header.Immediate))
            return _responder.FailReceive(pair, WorkStatus.LocalQueueOperation, WorkStatus.RemoteAccess);
        Responder.SayEstablished(pair);
        _responder.PostReceive(pair, WorkStatus.Success, null, _request, header.TotalBytes);
        return WorkStatus.Success;
    }

    private WorkStatus Write(QueuePair pair, in RemoteHeader header, ReadOnlySpan<byte> data, bool isWhole)
    {
        bool hasImmediate = _request.Kind == RequestKind.WriteImmediate;
        if (hasImmediate && !_responder.TryTakeReceive(pair, _request))
            return WorkStatus.ReceiverNotReady;
        if (header.TotalBytes > 0 && (!RightsHold(pair, header, header.TotalBytes, AccessRights.RemoteWrite)
            || !RemoteCopy.TryScatter(new MemoryCursor(pair, _remote, AccessRights.RemoteWrite, header.Offset, isRemote: true), data, isWhole)))
            return _responder.RefuseAccess(pair, pair);
        if (!hasImmediate || !isWhole)
            return WorkStatus.Success;
        Responder.SayEstablished(pair);
        _responder.PostReceive(pair, WorkStatus.Success, null, _request, header.TotalBytes);
        return WorkStatus.Success;
    }

    private WorkStatus Read(QueuePair pair, RemoteAnswers answers, in RemoteHeader header)
    {
        if (header.TotalBytes > 0 && !RightsHold(pair, header, header.TotalBytes, AccessRights.RemoteRead))
            return _responder.RefuseAccess(pair, pair);
        return answers.TryAddJob(new RemoteJob
        {
            Number = header.Number,
            Address = header.RemoteAddress,
            Key = header.RemoteKey,
            TotalBytes = header.TotalBytes,
        })
            ? WorkStatus.Success
            : _responder.Break(pair, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest);
    }

    private WorkStatus Atomic(QueuePair pair, RemoteAnswers answers, in RemoteHeader header)
    {
        const uint bytes = sizeof(ulong);
        if (header.RemoteAddress % bytes != 0 || answers.JobCount == RemoteAnswers.MostJobs)
            return _responder.Break(pair, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest);
        if (!RightsHold(pair, header, bytes, AccessRights.RemoteAtomic))
            return _responder.RefuseAccess(pair, pair);
        MemoryCursor remote = new(pair, _remote, AccessRights.RemoteAtomic, 0, isRemote: true);
        if (!remote.TryPeek(out HostAddress address, out ulong contiguous) || contiguous < bytes || remote.CanFault || address.Value % bytes != 0)
            return _responder.RefuseAccess(pair, pair);
        ulong old = _request.Kind == RequestKind.CompareSwap
            ? SharedMemory.CompareExchange(address, header.Compare, header.SwapOrAdd)
            : SharedMemory.FetchAdd(address, header.SwapOrAdd);
        answers.TryAddJob(new RemoteJob { Number = header.Number, IsAtomic = true, Value = old });
        return WorkStatus.Success;
    }

    private void Deliver(QueuePair pair, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        if (pair.Type != QueuePairType.UnreliableDatagram || !pair.IsReceiving || pair.Attributes.QueueKey != header.QueueOrKey
            || !pair.TryTakeReceive() || (ulong)data.Length > pair.Held.CapacityBytes)
            return;
        FillRequest(header);
        WorkStatus status = RemoteCopy.TryScatter(new MemoryCursor(pair, Responder.ReceiveSegments(pair), AccessRights.LocalWrite, 0), data, lastByteLast: false)
            ? WorkStatus.Success : WorkStatus.LocalProtection;
        _responder.PostReceive(pair, status, null, _request, (uint)data.Length);
        adapter.Deliveries++;
        if (status != WorkStatus.Success)
            adapter.Fail(pair);
    }

    private bool RightsHold(QueuePair pair, in RemoteHeader header, uint bytes, AccessRights need)
    {
        _remote[0] = new Segment { Address = header.RemoteAddress, LengthBytes = bytes, Key = header.RemoteKey };
        return ((AccessRights)pair.Attributes.Access & need) == need
            && new MemoryCursor(pair, _remote, need, 0, isRemote: true).TryPeek(out _, out _);
    }

    private void FillRequest(in RemoteHeader header)
    {
        _request.Kind = (RequestKind)header.Operation;
        _request.Immediate = header.Immediate;
        _request.IsSolicited = header.Has(RemoteFlags.Solicited);
        _request.SharedReceiveQueue = header.QueueOrKey;
        _request.TotalBytes = header.TotalBytes;
        _request.Destination = new PathAddress { ServiceLevel = header.Detail, IsGlobal = (byte)(header.Has(RemoteFlags.Global) ? 1 : 0) };
        (_request.SourceLid, _request.SourcePair) = (header.FromLid, header.FromPair);
    }

    private void List(QueuePair pair, RemoteAnswers answers)
    {
        if (answers.IsListed)
            return;
        answers.IsListed = true;
        _owing.Add(pair);
    }

    /// <summary>Sends what is owed, in the requests' order. True when nothing is owed any more.</summary>
    private bool TryAnswer(QueuePair pair, RemoteAnswers answers)
    {
        int bytesLeft = TurnBytes;
        while (answers.JobCount != 0)
        {
            if (bytesLeft <= 0 || !TryAnswerJob(pair, answers, ref bytesLeft))
                return false;
        }
        if (answers.OwesRefusal)
        {
            RemoteHeader header = HeaderOf(pair, answers, RemoteKind.Refuse, answers.RefusedNumber);
            (header.Operation, header.Detail) = ((byte)answers.Reason, pair.Attributes.RnrTimer);
            if (!TrySend(pair, answers, header))
                return false;
        }
        else if (answers.OwesAcknowledgement && !TrySend(pair, answers, HeaderOf(pair, answers, RemoteKind.Acknowledge, answers.Expected - 1)))
            return false;
        answers.ForgetDebts();
        return true;
    }

    private bool TryAnswerJob(QueuePair pair, RemoteAnswers answers, ref int bytesLeft)
    {
        ref RemoteJob job = ref answers.CurrentJob;
        int piece = job.IsAtomic ? sizeof(ulong) : (int)Math.Min(job.TotalBytes - job.DoneBytes, RemoteRequester.PieceBytes);
        if (answers.Link!.TryReserve(StreamOf(pair), RemoteHeader.SizeBytes + piece, out Span<byte> message) != SendResult.Reserved)
            return false;
        RemoteHeader header = HeaderOf(pair, answers, job.IsAtomic ? RemoteKind.AtomicResult : RemoteKind.ReadData, job.Number);
        header.Offset = job.DoneBytes;
        Span<byte> data = message[RemoteHeader.SizeBytes..];
        if (job.IsAtomic)
            BitConverter.TryWriteBytes(data, job.Value);
        else if (piece > 0 && !TryRead(pair, job, data))
        {
            Refuse(answers, job.Number, _responder.RefuseAccess(pair, pair));
            answers.JobCount = 0;
            return true;
        }
        job.DoneBytes += (uint)piece;
        bool isLast = job.IsAtomic || job.DoneBytes == job.TotalBytes;
        header.Flags = isLast ? RemoteFlags.Last : RemoteFlags.None;
        header.Write(message);
        answers.Link.Commit();
        bytesLeft -= piece;
        if (isLast)
            answers.EndJob();
        return true;
    }

    /// <summary>The region may have ended since the request came: every piece is checked anew.</summary>
    private bool TryRead(QueuePair pair, in RemoteJob job, Span<byte> into)
    {
        _remote[0] = new Segment { Address = job.Address, LengthBytes = job.TotalBytes, Key = job.Key };
        return RemoteCopy.TryGather(new MemoryCursor(pair, _remote, AccessRights.RemoteRead, job.DoneBytes, isRemote: true), into);
    }

    private static bool TrySend(QueuePair pair, RemoteAnswers answers, in RemoteHeader header)
    {
        if (answers.Link!.TryReserve(StreamOf(pair), RemoteHeader.SizeBytes, out Span<byte> message) != SendResult.Reserved)
            return false;
        header.Write(message);
        answers.Link.Commit();
        return true;
    }

    private static uint StreamOf(QueuePair pair) => (pair.Number & StreamMask) << 1 | 1;

    private static RemoteHeader HeaderOf(QueuePair pair, RemoteAnswers answers, RemoteKind kind, uint number) => new()
    {
        Kind = kind,
        FromLid = pair.Vm.Device.Lid,
        ToLid = answers.ToLid,
        FromPair = pair.Number,
        ToPair = answers.ToPair,
        Number = number,
    };
}
