using Weft.Adapter.Control;
using Weft.Adapter.Mlx4;
using Weft.Adapter.Remote;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// A queue pair. Its sending side belongs to the polling thread that serves its VM, its receiving side to whoever has
/// <see cref="Incoming"/>: as a rule the thread of its peer. Control calls have both, by the gate.
/// </summary>
internal sealed class QueuePair
{
    private readonly MemoryView? _buffer;
    private readonly MemoryView? _recordView;
    private readonly HostAddress _record;
    private readonly byte[] _receiveSlot;
    private ushort _receivesTaken;
    private uint _asyncEvents;

    internal QueuePair(AdapterContext owner, in QueuePairRequest request, MemoryView? buffer, MemoryView? record)
    {
        (Owner, UserHandle, Type, ProtectionDomain) = (owner, request.UserHandle, request.Type, request.ProtectionDomain);
        (_buffer, _recordView) = (buffer, record);
        _record = record?.SlotAt(0) ?? default;
        Send = new QueueRing(buffer, request.Send);
        Receives = new QueueRing(buffer, request.Receive);
        _receiveSlot = new byte[Receives.Count > 0 ? Receives.SlotBytes : 0];
        HeldSlot = new byte[Send.Count > 0 ? Send.SlotBytes : 0];
        SignalsAll = request.SignalsAll != 0;
        MostInline = request.MostInline;
        Incoming = new ThreadLock(owner.Vm.Adapter.HasThreads);
    }

    /// <summary>Guards its receives, what is held of them, and the peer's view of it.</summary>
    internal ThreadLock Incoming;

    internal AdapterContext Owner { get; }

    internal AdapterVm Vm => Owner.Vm;

    internal ulong UserHandle { get; }

    internal uint Handle { get; set; }

    internal uint Number { get; set; }

    internal QueuePairType Type { get; }

    /// <summary>What guards its memory; an XRC target's is that of the shared receive queue which the current request names.</summary>
    internal uint ProtectionDomain { get; set; }

    internal CompletionQueue? SendCompletions { get; init; }

    internal CompletionQueue? ReceiveCompletions { get; init; }

    internal SharedReceiveQueue? SharedReceives { get; init; }

    internal XrcDomain? Domain { get; init; }

    internal QueueRing Send { get; }

    internal QueueRing Receives { get; }

    internal bool SignalsAll { get; }

    internal uint MostInline { get; }

    /// <summary>The state and what else is set by modifications.</summary>
    internal QueuePairAttributes Attributes;

    /// <summary>Other polling threads may break it: read anew each time, and changed by them with a full fence.</summary>
    internal QueuePairState State => Attributes.State;

    /// <summary>Free-running index of the next send request, 0 at RESET.</summary>
    internal uint SendIndex;

    /// <summary>A request that was begun and not finished: its private copy.</summary>
    internal readonly byte[] HeldSlot;

    internal bool HasHeld;

    /// <summary>Whether the program has marked its send slots, which it does on the way to INIT: fresh ones look posted.</summary>
    internal bool HasSendRing;

    /// <summary>How much of it has been moved.</summary>
    internal ulong Progress;

    /// <summary>The peer that was found last; checked anew for each request.</summary>
    internal QueuePair? Target;

    internal WaitKind WaitsFor;
    internal long WakeAt;
    internal int RetriesLeft;

    /// <summary>A receive that was taken for a message that is still coming. Made with the queue pair or when it gets its shared queue's size.</summary>
    internal required ReceiveRequest Held { get; init; }

    /// <summary>Where it is in the engine's lists; the engine's.</summary>
    internal bool IsHot;
    internal int SlotIndex;
    internal int IdleRounds;
    internal bool HasSaidEstablished;
    internal bool HasSaidLastRequest;
    internal bool IsGone;

    /// <summary>Whether it is in its thread's mailbox, and what lies behind it there.</summary>
    internal int IsMailed;
    internal QueuePair? NextMailed;

    /// <summary>Whether it has bound windows of type 2, which go when it does.</summary>
    internal bool HasBoundWindows;

    /// <summary>The multicast groups it has joined, if any.</summary>
    internal List<GlobalAddress>? Groups { get; set; }

    internal TrafficCounter Counts { get; } = new();

    internal uint AsyncEvents => _asyncEvents;

    /// <summary>Whether it takes what comes.</summary>
    internal bool IsReceiving => State is QueuePairState.ReadyToReceive or QueuePairState.ReadyToSend or QueuePairState.SendQueueDrained or QueuePairState.SendQueueError;

    /// <summary>Whether the engine must look at its send ring.</summary>
    internal bool HasSendsToLookAt => HasSendRing
        && State is QueuePairState.ReadyToSend or QueuePairState.Error or QueuePairState.SendQueueError or QueuePairState.SendQueueDrained;

    /// <summary>Whether a send request is posted.</summary>
    internal bool HasPostedSend => IsPosted(SendIndex + (uint)(Remote?.InFlight ?? 0));

    /// <summary>What it has under way to a peer on another host, once it sends there.</summary>
    internal RemoteRequests? Remote { get; set; }

    /// <summary>What it owes to a peer on another host, once that sends here.</summary>
    internal RemoteAnswers? Answers { get; set; }

    /// <summary>Whether the request at a free-running index is posted.</summary>
    internal bool IsPosted(uint index) => Mlx4Slot.IsPosted(SharedMemory.ReadWord(Send.Slot(index)), index, Send.Count);

    /// <summary>Whether a receive of its own ring is posted.</summary>
    internal bool HasPostedReceive => Receives.Count > 0 && (ushort)SharedMemory.ReadWord(_record) != _receivesTaken;

    /// <summary>Takes the next receive request, or the one that is held. False when there is none.</summary>
    internal bool TryTakeReceive()
    {
        if (Held.IsHeld)
            return true;
        if (SharedReceives is not null)
            return Held.IsHeld = SharedReceives.TryTake(Held);
        return Held.IsHeld = TryTakeOwn();
    }

    /// <summary>Takes one of an XRC request's queue.</summary>
    internal bool TryTakeReceive(SharedReceiveQueue shared)
    {
        if (Held.IsHeld && Held.Shared != shared)
            return false;
        return Held.IsHeld || (Held.IsHeld = shared.TryTake(Held));
    }

    /// <summary>Fires an asynchronous event about it.</summary>
    internal void Fire(AsyncEventType type)
    {
        if (Owner.Fire(UserHandle, type))
            Interlocked.Increment(ref _asyncEvents);
    }

    /// <summary>Begins anew: what RESET means.</summary>
    internal void Reset()
    {
        SendIndex = 0;
        _receivesTaken = 0;
        Held.IsHeld = false;
        HasSaidEstablished = HasSaidLastRequest = HasSendRing = false;
        (Target, Remote, Answers) = (null, null, null);
        EndRequest();
    }

    /// <summary>The current request is over.</summary>
    internal void EndRequest()
    {
        (HasHeld, Progress, WaitsFor, WakeAt) = (false, 0, WaitKind.Nothing, 0);
    }

    /// <summary>Lets go of the memory.</summary>
    internal void Release()
    {
        IsGone = true;
        _buffer?.Release();
        _recordView?.Release();
    }

    private bool TryTakeOwn()
    {
        if (Receives.Count == 0)
            return false;
        ushort outstanding = (ushort)((ushort)SharedMemory.ReadWord(_record) - _receivesTaken);
        if (outstanding == 0 || outstanding > Receives.Count)
            return false;
        SharedMemory.Read(Receives.Slot(_receivesTaken), _receiveSlot);
        Mlx4Slot.DecodeReceive(Held, _receiveSlot);
        Held.Shared = null;
        Held.Index = _receivesTaken;
        _receivesTaken++;
        return true;
    }
}
