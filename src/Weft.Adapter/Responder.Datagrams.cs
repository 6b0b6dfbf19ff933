using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

internal sealed partial class Responder
{
    private const int GlobalHeaderBytes = 40;
    private const ulong DatagramBytes = 4096;
    private const uint MulticastQueuePair = 0xffffff;
    private readonly byte[] _header = GC.AllocateArray<byte>(GlobalHeaderBytes, pinned: true);

    /// <summary>A datagram, to one queue pair or to a multicast group.</summary>
    internal Outcome Datagram(QueuePair pair, SendRequest request, out WorkStatus status)
    {
        status = request.TotalBytes > DatagramBytes ? WorkStatus.LocalLength
            : LocalRightsHold(pair, request) ? WorkStatus.Success : WorkStatus.LocalProtection;
        if (status != WorkStatus.Success)
            return Outcome.Done;
        uint queueKey = (request.QueueKey & 0x80000000) != 0 ? pair.Attributes.QueueKey : request.QueueKey;
        bool isWhole;
        if (request.DestinationQueuePair != MulticastQueuePair)
        {
            if (adapter.Remote is { } hosts && VirtualAdapter.LidOf(request.Destination) is var lid && !adapter.IsOwn(lid))
                return hosts.TrySendDatagram(pair, request, lid, queueKey) ? Outcome.Done : Outcome.Partly;
            isWhole = TryDeliver(pair, adapter.FindDatagramPeer(request.Destination, request.DestinationQueuePair), request, queueKey);
        }
        else
        {
            adapter.Remote?.SendToGroup(pair, request, queueKey);
            isWhole = TryDeliverToGroup(pair, request, queueKey);
        }
        if (!isWhole)
            status = WorkStatus.LocalProtection;
        return Outcome.Done;
    }

    private bool TryDeliverToGroup(QueuePair pair, SendRequest request, uint queueKey)
    {
        bool isWhole = true;
        if (adapter.MembersOf(request.Destination.Destination) is { } members)
            foreach (QueuePair member in members)
                isWhole &= member == pair || TryDeliver(pair, member, request, queueKey);
        return isWhole;
    }

    /// <summary>
    /// False when the sender's own memory faulted. Datagrams that nobody takes, or that do not fit, are dropped without
    /// a word; the receive stays for the next one.
    /// </summary>
    private bool TryDeliver(QueuePair pair, QueuePair? peer, SendRequest request, uint queueKey)
    {
        if (peer is null)
            return true;
        peer.Incoming.Enter();
        bool isWhole = TryDeliverNow(pair, peer, request, queueKey);
        peer.Incoming.Leave();
        return isWhole;
    }

    private bool TryDeliverNow(QueuePair pair, QueuePair peer, SendRequest request, uint queueKey)
    {
        ulong total = request.TotalBytes + GlobalHeaderBytes;
        if (peer.Type != QueuePairType.UnreliableDatagram || !peer.IsReceiving || peer.Attributes.QueueKey != queueKey
            || !peer.TryTakeReceive() || total > peer.Held.CapacityBytes)
            return true;
        MemoryCursor destination = new(peer, ReceiveSegments(peer), AccessRights.LocalWrite, 0);
        CopyResult result = CopyResult.DestinationFault;
        if (TryWriteHeader(ref destination, pair, request))
        {
            ulong unlimited = ulong.MaxValue;
            pair.Progress = 0;
            result = Copy(pair, request, ref destination, ref unlimited, isOrdered: false, out _);
            pair.Progress = 0;
        }
        if (result == CopyResult.SourceFault)
            return false;
        if (result == CopyResult.Whole)
            PostReceive(peer, WorkStatus.Success, pair, request, (uint)total);
        else
        {
            PostReceive(peer, WorkStatus.LocalProtection);
            adapter.Fail(peer);
        }
        return true;
    }

    /// <summary>The forty bytes before a datagram: the global routing header where there was one, else whatever.</summary>
    private bool TryWriteHeader(ref MemoryCursor destination, QueuePair from, SendRequest request)
    {
        GlobalHeader.Write(_header, from.Vm.Device, request);
        Span<byte> left = _header;
        while (!left.IsEmpty)
        {
            if (!destination.TryPeek(out HostAddress address, out ulong contiguous))
                return false;
            int count = (int)Math.Min((ulong)left.Length, contiguous);
            if (!SharedMemory.TryWrite(address, left[..count]))
                return false;
            left = left[count..];
            destination.Advance((ulong)count);
        }
        return true;
    }
}
