using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Mlx4;
using Weft.Fabric;
using Weft.Fabric.Links;

namespace Weft.Adapter.Remote;

/// <summary>
/// The sending side of connected queue pairs whose peer is on another host: many requests are under way at once, answers
/// complete them in order. Payload is copied once, out of the guest into the link's window.
/// </summary>
/// <remarks>Runs on the engine's thread, under the adapter's gate. Allocates nothing per request.</remarks>
internal sealed class RemoteRequester(VirtualAdapter adapter, IHostLinks node)
{
    internal const int PieceBytes = 64 << 10;
    private const int MostRequests = 64;
    private const uint AnswerEvery = 16;
    private const long MostBytes = 512 << 10;
    private const uint StreamMask = 0x7fff;
    private readonly SendRequest _request = new();
    private long _bytesLeft;
    private long _now;

    /// <summary>Gives a queue pair a turn. Returns how many requests moved on.</summary>
    internal int Serve(QueuePair pair, RemoteRequests remote, long now)
    {
        _now = now;
        if (remote.IsPaused)
        {
            if (now < pair.WakeAt)
                return 0;
            remote.IsPaused = false;
            // The answer comes by itself; until then no timer matters.
            pair.WakeAt = now + 3600 * Stopwatch.Frequency;
        }
        _bytesLeft = MostBytes;
        int moved = 0;
        while (moved < MostRequests && _bytesLeft > 0 && remote.InFlight < RemoteRequests.MostInFlight && remote.Failure == WorkStatus.Success
            && Requester.MayGoOn(pair) && Requester.TryLoad(_request, pair, pair.SendIndex + (uint)remote.InFlight) && TryStep(pair, remote))
            moved++;
        EndFailed(pair, remote);
        return moved;
    }

    /// <summary>All requests up to a number are done.</summary>
    internal void Acknowledged(QueuePair pair, RemoteRequests remote, uint number)
    {
        uint count = number - remote.FirstNumber + 1;
        if (count > (uint)remote.InFlight)
            return;
        remote.IsAnswered |= count != 0;
        for (; count != 0; count--)
            Complete(pair, remote, WorkStatus.Success);
        EndFailed(pair, remote);
    }

    /// <summary>All requests before a number are done; that one was refused, and what followed it was dropped.</summary>
    internal void Refused(QueuePair pair, RemoteRequests remote, in RemoteHeader header, long now)
    {
        uint before = header.Number - remote.FirstNumber;
        if (before > (uint)remote.InFlight || before == (uint)remote.InFlight && !pair.HasHeld)
            return;
        _now = now;
        Acknowledged(pair, remote, header.Number - 1);
        var reason = (WorkStatus)header.Operation;
        remote.IsAnswered |= reason != WorkStatus.RetriesExceeded;
        Rewind(pair, remote);
        if (reason is WorkStatus.ReceiverNotReady or WorkStatus.RetriesExceeded)
            Delay(pair, remote, reason == WorkStatus.ReceiverNotReady ? WaitKind.Receiver : WaitKind.Answer, header.Detail);
        else
            Complete(pair, remote, reason is > WorkStatus.Success and <= WorkStatus.General ? reason : WorkStatus.General);
    }

    /// <summary>A piece of a READ's answer, or an atomic operation's whole one.</summary>
    internal void Answered(QueuePair pair, RemoteRequests remote, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        uint before = header.Number - remote.FirstNumber;
        if (before >= (uint)remote.InFlight)
            return;
        RemoteEntry entry = remote.EntryAt(pair.SendIndex + before);
        if (!entry.HasAnswer || (ulong)header.Offset + (uint)data.Length > entry.LengthBytes)
            return;
        remote.KeptSlots[entry.KeptSlot]!.CopyTo(_request.Slot, 0);
        if (Mlx4Slot.TryDecode(_request, pair.Send.SlotBytes, pair.Type) && RemoteCopy.TryScatter(
            new MemoryCursor(pair, _request.Segments.AsSpan(0, _request.SegmentCount), AccessRights.LocalWrite, header.Offset), data, header.Has(RemoteFlags.Last)))
        {
            if (header.Has(RemoteFlags.Last))
                Acknowledged(pair, remote, header.Number);
            return;
        }
        Acknowledged(pair, remote, header.Number - 1);
        Rewind(pair, remote);
        Complete(pair, remote, WorkStatus.LocalProtection);
    }

    /// <summary>The session with the peer's host is over: what was under way by it ends as when nobody answers.</summary>
    internal void Broken(QueuePair pair, RemoteRequests remote)
    {
        bool wasUnderWay = remote.InFlight > 0 || pair.HasHeld;
        Rewind(pair, remote);
        if (wasUnderWay && pair.State is QueuePairState.ReadyToSend or QueuePairState.SendQueueDrained)
            Complete(pair, remote, WorkStatus.RetriesExceeded);
    }

    /// <summary>Sends a datagram. False when the link has no room now.</summary>
    internal bool TrySendDatagram(LinkCore link, QueuePair pair, SendRequest request, in RemoteHeader header, ReadOnlySpan<byte> global)
    {
        int bytes = (int)request.TotalBytes;
        if (link.TryReserve((pair.Number & StreamMask) << 1, RemoteHeader.SizeBytes + global.Length + bytes, out Span<byte> message) != SendResult.Reserved)
            return false;
        header.Write(message);
        global.CopyTo(message[RemoteHeader.SizeBytes..]);
        // A source that vanishes meanwhile loses a datagram, as any network may.
        if (RemoteCopy.TryGather(pair, request, 0, message[(RemoteHeader.SizeBytes + global.Length)..]))
            link.Commit();
        return true;
    }

    private bool TryStep(QueuePair pair, RemoteRequests remote)
    {
        if (!Mlx4Slot.TryDecode(_request, pair.Send.SlotBytes, pair.Type))
            return Stop(pair, remote, WorkStatus.LocalQueueOperation);
        if (_request.TotalBytes > Requester.LongestMessage)
            return Stop(pair, remote, WorkStatus.LocalLength);
        if (_request.IsLocal)
            return TryCarryLocal(pair, remote);
        bool hasAnswer = _request.Kind is RequestKind.Read or RequestKind.CompareSwap or RequestKind.FetchAdd;
        if (!pair.HasHeld)
        {
            if (!Responder.LocalRightsHold(pair, _request))
                return Stop(pair, remote, WorkStatus.LocalProtection);
            int mostReads = Math.Clamp((int)pair.Attributes.MostReadsOut, 1, RemoteRequests.MostReads);
            if (hasAnswer && remote.Reads >= mostReads || _request.IsFenced && remote.Reads > 0)
                return false;
        }
        Note(pair, remote, hasAnswer);
        LinkCore? link = node.FindLink(remote.Lid);
        if (link is null)
        {
            if (remote.InFlight == 0)
                Delay(pair, remote, WaitKind.Answer, 0);
            return false;
        }
        remote.Link = link;
        return TryTransmit(pair, remote, link);
    }

    /// <summary>What concerns this queue pair's keys only takes place between what was before and what comes after.</summary>
    private bool TryCarryLocal(QueuePair pair, RemoteRequests remote)
    {
        if (remote.InFlight > 0)
            return false;
        WorkStatus status = LocalOperations.Carry(pair, _request);
        Note(pair, remote, hasAnswer: false);
        Complete(pair, remote, status);
        // It had no number.
        remote.FirstNumber--;
        return status == WorkStatus.Success;
    }

    /// <summary>Sends what is left of the current request. True when all of it is in the link's window.</summary>
    private bool TryTransmit(QueuePair pair, RemoteRequests remote, LinkCore link)
    {
        bool carries = _request.Kind is not (RequestKind.Read or RequestKind.CompareSwap or RequestKind.FetchAdd);
        uint total = (uint)_request.TotalBytes;
        while (true)
        {
            int piece = carries ? (int)Math.Min(total - pair.Progress, PieceBytes) : 0;
            bool isLast = !carries || pair.Progress + (uint)piece == total;
            if (_bytesLeft <= 0 || link.TryReserve((pair.Number & StreamMask) << 1, RemoteHeader.SizeBytes + piece, out Span<byte> message) != SendResult.Reserved)
            {
                Requester.Hold(_request, pair);
                return false;
            }
            HeaderOf(pair, remote, isLast).Write(message);
            if (piece > 0 && !RemoteCopy.TryGather(pair, _request, pair.Progress, message[RemoteHeader.SizeBytes..]))
                return Stop(pair, remote, WorkStatus.LocalProtection);
            link.Commit();
            remote.MustRestart = false;
            pair.Progress += (uint)piece;
            _bytesLeft -= piece + RemoteHeader.SizeBytes;
            if (isLast)
                break;
        }
        (pair.HasHeld, pair.Progress) = (false, 0);
        remote.InFlight++;
        remote.Reads += carries ? 0 : 1;
        if (pair.Type == QueuePairType.UnreliableConnection)
            Complete(pair, remote, WorkStatus.Success);
        return true;
    }

    private RemoteHeader HeaderOf(QueuePair pair, RemoteRequests remote, bool isLast)
    {
        uint index = pair.SendIndex + (uint)remote.InFlight, number = remote.FirstNumber + (uint)remote.InFlight;
        RemoteFlags flags = isLast ? RemoteFlags.Last : RemoteFlags.None;
        if (pair.Progress == 0)
            flags |= RemoteFlags.First | (remote.MustRestart ? RemoteFlags.Restart : 0) | (remote.IsAnswered ? 0 : RemoteFlags.Begin);
        // The last of a batch asks, and now and then one of a long batch.
        if (isLast && (number % AnswerEvery == 0 || remote.InFlight + 1 == RemoteRequests.MostInFlight || !pair.IsPosted(index + 1)))
            flags |= RemoteFlags.WantsAnswer;
        if (_request.IsSolicited)
            flags |= RemoteFlags.Solicited;
        return new RemoteHeader
        {
            Kind = RemoteKind.Request,
            Flags = flags,
            Operation = (byte)_request.Kind,
            Detail = pair.Attributes.Path.ServiceLevel,
            FromLid = pair.Vm.Device.Lid,
            ToLid = remote.Lid,
            FromPair = pair.Number,
            ToPair = pair.Attributes.DestinationQueuePair,
            Number = number,
            Immediate = _request.Immediate,
            RemoteKey = _request.RemoteKey,
            QueueOrKey = _request.SharedReceiveQueue,
            RemoteAddress = _request.RemoteAddress,
            Compare = _request.Compare,
            SwapOrAdd = _request.SwapOrAdd,
            TotalBytes = (uint)_request.TotalBytes,
            Offset = (uint)pair.Progress,
        };
    }

    /// <summary>Keeps what the request's completion will tell.</summary>
    private void Note(QueuePair pair, RemoteRequests remote, bool hasAnswer)
    {
        ref RemoteEntry entry = ref remote.EntryAt(pair.SendIndex + (uint)remote.InFlight);
        bool isAtomic = _request.Kind is RequestKind.CompareSwap or RequestKind.FetchAdd;
        entry.ProviderOpcode = _request.ProviderOpcode;
        entry.IsVisible = _request.IsSignalled || pair.SignalsAll;
        entry.LengthBytes = isAtomic ? sizeof(ulong) : (uint)_request.TotalBytes;
        entry.HasAnswer = hasAnswer;
        if (!hasAnswer || pair.HasHeld)
            return;
        entry.KeptSlot = remote.NextKept;
        remote.NextKept = (byte)((remote.NextKept + 1) % RemoteRequests.MostReads);
        byte[] kept = remote.KeptSlots[entry.KeptSlot] ??= new byte[pair.Send.SlotBytes];
        _request.Slot.AsSpan(0, kept.Length).CopyTo(kept);
    }

    /// <summary>The current request fails, once those before it are done.</summary>
    private bool Stop(QueuePair pair, RemoteRequests remote, WorkStatus status)
    {
        Note(pair, remote, hasAnswer: false);
        remote.Failure = status;
        return false;
    }

    private void EndFailed(QueuePair pair, RemoteRequests remote)
    {
        if (remote.Failure != WorkStatus.Success && remote.InFlight == 0)
            Complete(pair, remote, remote.Failure);
    }

    /// <summary>The oldest request ends. A failure ends the queue pair's sends too.</summary>
    private void Complete(QueuePair pair, RemoteRequests remote, WorkStatus status)
    {
        RemoteEntry entry = remote.EntryAt(pair.SendIndex);
        pair.Counts.Requests++;
        pair.Vm.Moved++;
        adapter.Deliveries++;
        pair.Counts.Bytes += entry.LengthBytes;
        if (status != WorkStatus.Success || entry.IsVisible)
            Requester.PostSend(pair, status, entry.ProviderOpcode, entry.LengthBytes);
        pair.SendIndex++;
        remote.FirstNumber++;
        if (status != WorkStatus.Success)
        {
            pair.EndRequest();
            remote.Forget();
            adapter.FailSends(pair);
            return;
        }
        pair.WaitsFor = WaitKind.Nothing;
        if (remote.InFlight > 0)
        {
            remote.InFlight--;
            remote.Reads -= entry.HasAnswer ? 1 : 0;
        }
        if (pair.State == QueuePairState.SendQueueDrained && remote.InFlight == 0 && !pair.HasHeld)
            pair.Fire(AsyncEventType.SendQueueDrained);
    }

    /// <summary>Everything from the oldest request on is sent again.</summary>
    private static void Rewind(QueuePair pair, RemoteRequests remote)
    {
        (remote.InFlight, remote.Reads, remote.Failure) = (0, 0, WorkStatus.Success);
        (pair.HasHeld, pair.Progress) = (false, 0);
        remote.MustRestart = true;
    }

    /// <summary>Waits before the next attempt; none left is the end of the request.</summary>
    private void Delay(QueuePair pair, RemoteRequests remote, WaitKind kind, byte timerCode)
    {
        bool forReceiver = kind == WaitKind.Receiver;
        if (pair.WaitsFor != kind)
        {
            pair.WaitsFor = kind;
            pair.RetriesLeft = forReceiver ? pair.Attributes.RnrRetry : pair.Attributes.RetryCount;
        }
        else
        {
            const byte forEver = 7;
            pair.Counts.Retries++;
            bool isBounded = forReceiver ? pair.Attributes.RnrRetry != forEver : pair.Attributes.Timeout != 0;
            if (isBounded && pair.RetriesLeft-- == 0)
            {
                Complete(pair, remote, forReceiver ? WorkStatus.ReceiverNotReady : WorkStatus.RetriesExceeded);
                return;
            }
        }
        pair.WakeAt = _now + Requester.PeriodOf(pair, forReceiver, timerCode);
        remote.IsPaused = true;
        adapter.Engine.Promote(pair);
    }
}
