using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Mlx4;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// Carries out send requests: one turn of one queue pair at a time, within a budget of requests and bytes, so that
/// none starves another. Order within a queue pair is the ring's; each request ends before the next begins.
/// </summary>
/// <remarks>One a polling thread; in its lane of the adapter's gate. Allocates nothing.</remarks>
internal sealed class Requester(VirtualAdapter adapter, Engine engine)
{
    private const int FirstBytes = 64, UnitBytes = 16;
    private const int MostRequests = 64;
    private const ulong MostBytes = 256 << 10;

    /// <summary>The protocol's longest message.</summary>
    internal const ulong LongestMessage = 1 << 30;

    private readonly SendRequest _request = new();
    private readonly Responder _responder = new(adapter);
    private ulong _bytesLeft;

    /// <summary>Time of this turn, in ticks of <see cref="Stopwatch"/>.</summary>
    internal long Now { get; set; }

    /// <summary>Gives a queue pair a turn. Returns how many requests moved on.</summary>
    internal int Serve(QueuePair pair)
    {
        _bytesLeft = MostBytes;
        if (pair.State is QueuePairState.Error or QueuePairState.SendQueueError)
            return Flush(pair);
        if (adapter.Remote is { } hosts && pair.Type != QueuePairType.UnreliableDatagram && hosts.RequestsOf(pair) is { } remote)
            return hosts.Serve(pair, remote, Now);
        int moved = 0;
        while (moved < MostRequests && _bytesLeft > 0 && MayGoOn(pair) && TryLoad(_request, pair, pair.SendIndex))
        {
            SharedMemory.Prefetch(pair.Send.Slot(pair.SendIndex + 1));
            Outcome outcome = Carry(pair, out WorkStatus status);
            if (outcome == Outcome.Done)
            {
                moved++;
                Finish(pair, status);
                continue;
            }
            Hold(_request, pair);
            if (outcome == Outcome.Partly)
                return moved + 1;
            if (outcome == Outcome.NotAlone)
            {
                engine.ServeAloneNext(pair);
                return moved;
            }
            Wait(pair, outcome == Outcome.ReceiverNotReady ? WaitKind.Receiver : WaitKind.Answer);
            break;
        }
        return moved;
    }

    /// <summary>Whether a queue pair's state lets it send.</summary>
    internal static bool MayGoOn(QueuePair pair) =>
        pair.State == QueuePairState.ReadyToSend || pair.State == QueuePairState.SendQueueDrained && pair.HasHeld;

    /// <summary>Takes the private copy of the current request: the held one, or the slot's at an index.</summary>
    internal static bool TryLoad(SendRequest request, QueuePair pair, uint index)
    {
        byte[] slot = request.Slot;
        int slotBytes = pair.Send.SlotBytes;
        if (pair.HasHeld)
            pair.HeldSlot.CopyTo(slot, 0);
        else
        {
            HostAddress address = pair.Send.Slot(index);
            uint first = SharedMemory.ReadWord(address);
            if (!Mlx4Slot.IsPosted(first, index, pair.Send.Count))
                return false;
            int head = Math.Min(FirstBytes, slotBytes);
            SharedMemory.Read(address, slot.AsSpan(0, head));
            int units = slot[7] & 0x3f;
            int size = Math.Min(slotBytes, (units == 0 ? FirstBytes : units) * UnitBytes);
            if (size > head)
                SharedMemory.Read(address + (ulong)head, slot.AsSpan(head, size - head));
        }
        return true;
    }

    private Outcome Carry(QueuePair pair, out WorkStatus status)
    {
        status = WorkStatus.LocalQueueOperation;
        if (!Mlx4Slot.TryDecode(_request, pair.Send.SlotBytes, pair.Type))
            return Outcome.Done;
        if (_request.TotalBytes > LongestMessage)
        {
            status = WorkStatus.LocalLength;
            return Outcome.Done;
        }
        if (_request.ChangesWindow && !engine.IsAlone)
            return Outcome.NotAlone;
        if (_request.IsLocal)
        {
            status = LocalOperations.Carry(pair, _request);
            return Outcome.Done;
        }
        return pair.Type == QueuePairType.UnreliableDatagram
            ? _responder.Datagram(pair, _request, out status)
            : _responder.Connected(pair, _request, ref _bytesLeft, out status);
    }

    private void Finish(QueuePair pair, WorkStatus status)
    {
        pair.Counts.Requests++;
        pair.Vm.Moved++;
        engine.Deliveries++;
        pair.Counts.Bytes += (long)_request.TotalBytes;
        bool isFailed = status != WorkStatus.Success;
        if (isFailed || _request.IsSignalled || pair.SignalsAll)
            PostSend(pair, status, _request.ProviderOpcode,
                _request.Kind is RequestKind.CompareSwap or RequestKind.FetchAdd ? 8 : (uint)_request.TotalBytes);
        pair.SendIndex++;
        pair.EndRequest();
        if (isFailed)
            adapter.FailSends(pair);
        else if (pair.State == QueuePairState.SendQueueDrained)
            pair.Fire(AsyncEventType.SendQueueDrained);
    }

    /// <summary>Completes the request at the send index.</summary>
    internal static void PostSend(QueuePair pair, WorkStatus status, byte opcode, uint bytes)
    {
        pair.Counts.SendCompletions++;
        if (status != WorkStatus.Success)
            pair.Counts.SendErrors++;
        pair.SendCompletions!.Post(new Completion
        {
            QueuePair = pair.Number,
            Status = status,
            IsSend = true,
            ProviderOpcode = opcode,
            LengthBytes = bytes,
            Index = (ushort)pair.SendIndex,
        });
    }

    /// <summary>Keeps a request that was begun.</summary>
    internal static void Hold(SendRequest request, QueuePair pair)
    {
        if (pair.HasHeld)
            return;
        request.Slot.AsSpan(0, pair.HeldSlot.Length).CopyTo(pair.HeldSlot);
        pair.HasHeld = true;
    }

    /// <summary>A first failed attempt starts a timer; each time it runs out costs a retry, until none is left.</summary>
    private void Wait(QueuePair pair, WaitKind kind)
    {
        const byte forEver = 7;
        bool forReceiver = kind == WaitKind.Receiver;
        if (pair.WaitsFor != kind)
        {
            // A NAK is an answer: as many waits as retries. Silence is told by the first wait's end, before any retry.
            pair.WaitsFor = kind;
            pair.RetriesLeft = forReceiver ? pair.Attributes.RnrRetry : pair.Attributes.RetryCount + 1;
        }
        else if (Now < pair.WakeAt)
            return;
        else
            pair.Counts.Retries++;
        pair.WakeAt = Now + PeriodOf(pair, forReceiver);
        if (forReceiver ? pair.Attributes.RnrRetry == forEver : pair.Attributes.Timeout == 0)
            return;
        if (pair.RetriesLeft-- == 0)
            Finish(pair, forReceiver ? WorkStatus.ReceiverNotReady : WorkStatus.RetriesExceeded);
    }

    private static long PeriodOf(QueuePair pair, bool forReceiver) => PeriodOf(pair, forReceiver, pair.Target?.Attributes.RnrTimer ?? 0);

    /// <summary>How long to wait before the next attempt, in ticks; the code is the receiver's.</summary>
    internal static long PeriodOf(QueuePair pair, bool forReceiver, byte timerCode)
    {
        const double unitSeconds = 4.096e-6;
        double seconds = forReceiver
            ? Timers.RnrSeconds(timerCode)
            : unitSeconds * (1L << Math.Min((int)pair.Attributes.Timeout, 31));
        return Math.Max(1, (long)(seconds * Stopwatch.Frequency));
    }

    /// <summary>Ends what is posted to a broken queue, unsuccessfully and unseen by any peer.</summary>
    private int Flush(QueuePair pair)
    {
        int flushed;
        if (pair.Remote is null)
            flushed = FlushSends(pair);
        else
        {
            // Answers that still come in are taken on another thread.
            adapter.Remote!.Lock.Enter();
            pair.Remote.Forget();
            flushed = FlushSends(pair);
            adapter.Remote.Lock.Leave();
        }
        if (pair.State != QueuePairState.Error)
            return flushed;
        pair.Incoming.Enter();
        flushed += FlushReceives(pair);
        pair.Incoming.Leave();
        return flushed;
    }

    private static int FlushSends(QueuePair pair)
    {
        int flushed = 0;
        pair.EndRequest();
        for (; flushed < MostRequests && pair.HasSendRing; flushed++)
        {
            uint first = SharedMemory.ReadWord(pair.Send.Slot(pair.SendIndex));
            if (!Mlx4Slot.IsPosted(first, pair.SendIndex, pair.Send.Count))
                break;
            PostSend(pair, WorkStatus.Flushed, Mlx4Slot.OpcodeOf(first), 0);
            pair.SendIndex++;
        }
        return flushed;
    }

    private int FlushReceives(QueuePair pair)
    {
        int flushed = 0;
        if (pair.Held is { IsHeld: true, Shared: not null })
        {
            _responder.PostReceive(pair, WorkStatus.Flushed);
            flushed++;
        }
        if (pair.SharedReceives is not null)
        {
            if (!pair.HasSaidLastRequest)
            {
                pair.HasSaidLastRequest = true;
                pair.Fire(AsyncEventType.LastRequestReached);
            }
            return flushed;
        }
        for (; flushed < MostRequests && pair.ReceiveCompletions is not null && pair.TryTakeReceive(); flushed++)
            _responder.PostReceive(pair, WorkStatus.Flushed);
        return flushed;
    }
}
