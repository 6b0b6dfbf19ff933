using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// The receiving side of a request: finds the peer, checks what the request may do there, moves the bytes once,
/// from guest to guest, and completes the peer's receive.
/// </summary>
/// <remarks>
/// One a polling thread. What it touches of a peer is guarded by the peer's <see cref="QueuePair.Incoming"/>: two threads
/// meet there only when the peer breaks, or with datagrams. Allocates nothing.
/// </remarks>
internal sealed partial class Responder(VirtualAdapter adapter)
{
    private readonly Segment[] _remote = new Segment[1];

    private enum CopyResult : byte
    {
        Whole,
        SourceFault,
        DestinationFault,
    }

    /// <summary>A request of a connected queue pair (RC, UC, XRC).</summary>
    internal Outcome Connected(QueuePair pair, SendRequest request, ref ulong bytesLeft, out WorkStatus status)
    {
        bool isReliable = pair.Type != QueuePairType.UnreliableConnection;
        status = WorkStatus.Success;
        QueuePair? peer = adapter.FindPeer(pair);
        if (peer != pair.Target)
            (pair.Target, pair.Progress) = (peer, 0);
        if (!LocalRightsHold(pair, request))
        {
            status = WorkStatus.LocalProtection;
            return Outcome.Done;
        }
        if (peer is null)
            return isReliable ? Outcome.NoAnswer : Outcome.Done;
        peer.Incoming.Enter();
        Outcome outcome = Connected(pair, peer, request, ref bytesLeft, ref status);
        peer.Incoming.Leave();
        if (isReliable)
            return outcome;
        // An unreliable sender never learns what became of its message.
        if (outcome is Outcome.ReceiverNotReady or Outcome.NoAnswer)
            outcome = Outcome.Done;
        if (status is WorkStatus.RemoteAccess or WorkStatus.RemoteInvalidRequest or WorkStatus.RemoteOperation)
            status = WorkStatus.Success;
        return outcome;
    }

    private Outcome Connected(QueuePair pair, QueuePair peer, SendRequest request, ref ulong bytesLeft, ref WorkStatus status)
    {
        // Asked anew now that it is ours: its own thread may have broken it, and flushed its receives, since it was found.
        if (!peer.IsReceiving)
            return Outcome.NoAnswer;
        if (pair.WaitsFor == WaitKind.Answer)
            pair.WaitsFor = WaitKind.Nothing;
        if (peer.Type == QueuePairType.XrcReceive && !TryEnterShared(peer, request))
        {
            status = Break(peer, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest);
            return Outcome.Done;
        }
        return request.Kind switch
        {
            RequestKind.Write or RequestKind.WriteImmediate => Write(pair, peer, request, ref bytesLeft, out status),
            RequestKind.Read => Read(pair, peer, request, ref bytesLeft, out status),
            RequestKind.CompareSwap or RequestKind.FetchAdd => Atomic(pair, peer, request, out status),
            _ => Send(pair, peer, request, ref bytesLeft, out status),
        };
    }

    /// <summary>Completes the receive that the queue pair holds. Its lock is the caller's.</summary>
    internal void PostReceive(QueuePair pair, WorkStatus status, QueuePair? from = null, SendRequest? request = null, uint bytes = 0)
    {
        SharedReceiveQueue? shared = pair.Held.Shared;
        pair.Held.IsHeld = false;
        pair.Counts.ReceiveCompletions++;
        if (status != WorkStatus.Success)
            pair.Counts.ReceiveErrors++;
        bool hasImmediate = request?.Kind is RequestKind.SendImmediate or RequestKind.SendInvalidate or RequestKind.WriteImmediate;
        Completion completion = new()
        {
            QueuePair = pair.Number,
            Status = status,
            Kind = request?.Kind ?? RequestKind.Send,
            Immediate = hasImmediate ? request!.Immediate : 0,
            LengthBytes = bytes,
            Index = pair.Held.Index,
            IsSolicited = request?.IsSolicited ?? false,
            SourceQueuePair = from?.Number ?? request?.SourcePair ?? 0,
            SourceLid = from?.Vm.Lid ?? request?.SourceLid ?? 0,
            ServiceLevel = request?.Destination.ServiceLevel ?? 0,
            HasGlobalHeader = pair.Type == QueuePairType.UnreliableDatagram && request?.Destination.IsGlobal == 1,
        };
        if (pair.Type == QueuePairType.XrcReceive && shared is not null)
            completion.SourceQueuePair = shared.Number;
        (shared?.Completions ?? pair.ReceiveCompletions)!.Post(completion);
    }

    private Outcome Send(QueuePair pair, QueuePair peer, SendRequest request, ref ulong bytesLeft, out WorkStatus status)
    {
        status = WorkStatus.Success;
        if (!TryTakeReceive(peer, request))
            return Outcome.ReceiverNotReady;
        if (request.TotalBytes > peer.Held.CapacityBytes)
        {
            // An unreliable message that does not fit is dropped; its receive stays for the next one.
            if (pair.Type != QueuePairType.UnreliableConnection)
                status = FailReceive(peer, WorkStatus.LocalLength, WorkStatus.RemoteInvalidRequest);
            return Outcome.Done;
        }
        MemoryCursor destination = new(peer, ReceiveSegments(peer), AccessRights.LocalWrite, pair.Progress);
        switch (Copy(pair, request, ref destination, ref bytesLeft, isOrdered: false, out bool isWhole))
        {
            case CopyResult.SourceFault:
                status = WorkStatus.LocalProtection;
                return Outcome.Done;
            case CopyResult.DestinationFault:
                status = FailReceive(peer, WorkStatus.LocalProtection, WorkStatus.RemoteOperation);
                return Outcome.Done;
        }
        if (!isWhole)
            return Outcome.Partly;
        if (request.Kind == RequestKind.SendInvalidate && !LocalOperations.TryInvalidate(peer, request.Immediate))
        {
            status = FailReceive(peer, WorkStatus.LocalQueueOperation, WorkStatus.RemoteAccess);
            return Outcome.Done;
        }
        SayEstablished(peer);
        PostReceive(peer, WorkStatus.Success, pair, request, (uint)request.TotalBytes);
        return Outcome.Done;
    }

    private Outcome Write(QueuePair pair, QueuePair peer, SendRequest request, ref ulong bytesLeft, out WorkStatus status)
    {
        status = WorkStatus.Success;
        bool hasImmediate = request.Kind == RequestKind.WriteImmediate;
        if (hasImmediate && !TryTakeReceive(peer, request))
            return Outcome.ReceiverNotReady;
        if (request.TotalBytes > 0)
        {
            if (!RemoteRightsHold(peer, request, request.TotalBytes, AccessRights.RemoteWrite))
            {
                status = RefuseAccess(pair, peer);
                return Outcome.Done;
            }
            MemoryCursor destination = new(peer, _remote, AccessRights.RemoteWrite, pair.Progress, isRemote: true);
            CopyResult result = Copy(pair, request, ref destination, ref bytesLeft, isOrdered: true, out bool isWhole);
            if (result != CopyResult.Whole)
            {
                status = result == CopyResult.SourceFault ? WorkStatus.LocalProtection : RefuseAccess(pair, peer);
                return Outcome.Done;
            }
            if (!isWhole)
                return Outcome.Partly;
        }
        if (hasImmediate)
        {
            SayEstablished(peer);
            PostReceive(peer, WorkStatus.Success, pair, request, (uint)request.TotalBytes);
        }
        return Outcome.Done;
    }

    private Outcome Read(QueuePair pair, QueuePair peer, SendRequest request, ref ulong bytesLeft, out WorkStatus status)
    {
        status = WorkStatus.Success;
        if (request.TotalBytes == 0)
            return Outcome.Done;
        if (!RemoteRightsHold(peer, request, request.TotalBytes, AccessRights.RemoteRead))
        {
            status = RefuseAccess(pair, peer);
            return Outcome.Done;
        }
        MemoryCursor source = new(peer, _remote, AccessRights.RemoteRead, pair.Progress, isRemote: true);
        MemoryCursor destination = new(pair, request.Segments.AsSpan(0, request.SegmentCount), AccessRights.LocalWrite, pair.Progress);
        CopyResult result = Move(pair, ref source, ref destination, request.TotalBytes, ref bytesLeft, isOrdered: true, out bool isWhole);
        status = result switch
        {
            CopyResult.Whole => WorkStatus.Success,
            CopyResult.SourceFault => RefuseAccess(pair, peer),
            _ => WorkStatus.LocalProtection,
        };
        return result == CopyResult.Whole && !isWhole ? Outcome.Partly : Outcome.Done;
    }

    private Outcome Atomic(QueuePair pair, QueuePair peer, SendRequest request, out WorkStatus status)
    {
        const ulong bytes = 8;
        if (request.RemoteAddress % bytes != 0)
        {
            status = pair.Type == QueuePairType.UnreliableConnection ? WorkStatus.Success : Break(peer, AsyncEventType.RequestError, WorkStatus.RemoteInvalidRequest);
            return Outcome.Done;
        }
        if (!RemoteRightsHold(peer, request, bytes, AccessRights.RemoteAtomic))
        {
            status = RefuseAccess(pair, peer);
            return Outcome.Done;
        }
        MemoryCursor remote = new(peer, _remote, AccessRights.RemoteAtomic, 0, isRemote: true);
        // Regions break at pages only, so an aligned word lies in one piece, but for a region that begins unaligned.
        if (!remote.TryPeek(out HostAddress address, out ulong contiguous) || contiguous < bytes || address.Value % bytes != 0
            || !TryAtomic(request, address, remote.CanFault, out ulong old))
        {
            status = RefuseAccess(pair, peer);
            return Outcome.Done;
        }
        status = TryScatter(pair, request, old) ? WorkStatus.Success : WorkStatus.LocalProtection;
        return Outcome.Done;
    }

    private static bool TryAtomic(SendRequest request, HostAddress address, bool canFault, out ulong old)
    {
        bool isSwap = request.Kind == RequestKind.CompareSwap;
        if (canFault)
            return isSwap
                ? SharedMemory.TryCompareExchange(address, request.Compare, request.SwapOrAdd, out old)
                : SharedMemory.TryFetchAdd(address, request.SwapOrAdd, out old);
        old = isSwap
            ? SharedMemory.CompareExchange(address, request.Compare, request.SwapOrAdd)
            : SharedMemory.FetchAdd(address, request.SwapOrAdd);
        return true;
    }

    /// <summary>An atomic's result goes to the list in host order.</summary>
    private static bool TryScatter(QueuePair pair, SendRequest request, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BitConverter.TryWriteBytes(bytes, value);
        MemoryCursor destination = new(pair, request.Segments.AsSpan(0, request.SegmentCount), AccessRights.LocalWrite, 0);
        while (!bytes.IsEmpty && !destination.IsAtEnd)
        {
            if (!destination.TryPeek(out HostAddress address, out ulong contiguous))
                return false;
            int count = (int)Math.Min((ulong)bytes.Length, contiguous);
            if (!SharedMemory.TryWrite(address, bytes[..count]))
                return false;
            bytes = bytes[count..];
            destination.Advance((ulong)count);
        }
        return true;
    }

    private CopyResult Copy(QueuePair pair, SendRequest request, ref MemoryCursor destination, ref ulong bytesLeft, bool isOrdered, out bool isWhole)
    {
        ReadOnlySpan<Segment> segments = request.Segments.AsSpan(0, request.SegmentCount);
        MemoryCursor source = request.IsInline
            ? new MemoryCursor(pair, segments, SharedMemory.AddressOfPinned(request.Slot))
            : new MemoryCursor(pair, segments, AccessRights.None, pair.Progress);
        return Move(pair, ref source, ref destination, request.TotalBytes, ref bytesLeft, isOrdered, out isWhole);
    }

    private static CopyResult Move(QueuePair pair, ref MemoryCursor source, ref MemoryCursor destination, ulong totalBytes, ref ulong bytesLeft,
        bool isOrdered, out bool isWhole)
    {
        isWhole = false;
        while (pair.Progress < totalBytes)
        {
            if (bytesLeft == 0)
                return CopyResult.Whole;
            if (!source.TryPeek(out HostAddress from, out ulong fromBytes))
                return CopyResult.SourceFault;
            if (!destination.TryPeek(out HostAddress to, out ulong toBytes))
                return CopyResult.DestinationFault;
            ulong left = totalBytes - pair.Progress, pieces = Math.Min(Math.Min(fromBytes, toBytes), left);
            // The last word is not cut off by the budget: it becomes visible at once.
            ulong count = bytesLeft + SharedMemory.TailBytes < left ? Math.Min(pieces, bytesLeft) : pieces;
            if (!(source.CanFault || destination.CanFault))
                SharedMemory.Copy(to, from, count, isOrdered && count == left);
            else if (!SharedMemory.TryCopy(to, from, count, isOrdered && count == left))
                return source.CanFault ? CopyResult.SourceFault : CopyResult.DestinationFault;
            pair.Progress += count;
            bytesLeft -= Math.Min(count, bytesLeft);
            source.Advance(count);
            destination.Advance(count);
        }
        isWhole = true;
        return CopyResult.Whole;
    }

    /// <summary>Takes the receive that a request needs, or finds it taken.</summary>
    internal bool TryTakeReceive(QueuePair peer, SendRequest request) =>
        peer.Type == QueuePairType.XrcReceive
            ? peer.TryTakeReceive(adapter.FindShared(request.SharedReceiveQueue)!)
            : peer.TryTakeReceive();

    /// <summary>An XRC request names its shared receive queue, whose protection domain guards what it touches.</summary>
    internal bool TryEnterShared(QueuePair peer, SendRequest request)
    {
        if (adapter.FindShared(request.SharedReceiveQueue) is not { Domain: not null } shared || shared.Domain != peer.Domain)
            return false;
        peer.ProtectionDomain = shared.ProtectionDomain;
        return true;
    }

    private bool RemoteRightsHold(QueuePair peer, SendRequest request, ulong bytes, AccessRights need)
    {
        _remote[0] = new Segment { Address = request.RemoteAddress, LengthBytes = (uint)bytes, Key = request.RemoteKey };
        return ((AccessRights)peer.Attributes.Access & need) == need
            && new MemoryCursor(peer, _remote, need, 0, isRemote: true).TryPeek(out _, out _);
    }

    /// <summary>Whether the requester may use what its list names.</summary>
    internal static bool LocalRightsHold(QueuePair pair, SendRequest request)
    {
        if (request.IsInline)
            return true;
        AccessRights need = request.Kind is RequestKind.Read or RequestKind.CompareSwap or RequestKind.FetchAdd ? AccessRights.LocalWrite : AccessRights.None;
        for (int index = 0; index < request.SegmentCount; index++)
            if (!new MemoryCursor(pair, request.Segments.AsSpan(index, 1), need, 0).TryPeek(out _, out _))
                return false;
        return true;
    }

    internal static ReadOnlySpan<Segment> ReceiveSegments(QueuePair pair) => pair.Held.Segments.AsSpan(0, pair.Held.SegmentCount);

    internal WorkStatus RefuseAccess(QueuePair pair, QueuePair peer) =>
        pair.Type == QueuePairType.UnreliableConnection ? WorkStatus.RemoteAccess : Break(peer, AsyncEventType.AccessError, WorkStatus.RemoteAccess);

    internal WorkStatus Break(QueuePair peer, AsyncEventType type, WorkStatus told)
    {
        peer.Fire(type);
        adapter.Fail(peer);
        return told;
    }

    /// <summary>The peer's own receive is at fault: it learns that by its completion, the requester by a NAK.</summary>
    internal WorkStatus FailReceive(QueuePair peer, WorkStatus there, WorkStatus told)
    {
        PostReceive(peer, there);
        adapter.Fail(peer);
        return told;
    }

    internal static void SayEstablished(QueuePair peer)
    {
        if (peer.State != QueuePairState.ReadyToReceive || peer.HasSaidEstablished)
            return;
        peer.HasSaidEstablished = true;
        peer.Fire(AsyncEventType.CommunicationEstablished);
    }
}
