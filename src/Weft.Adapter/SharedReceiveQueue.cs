using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Adapter.Mlx4;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>A shared receive queue: a chain of slots in a guest's memory. Polling threads take from it under its lock.</summary>
internal sealed class SharedReceiveQueue
{
    private const int LinkBytes = 16, NextOffset = 2;
    private readonly QueueRing _ring;
    private readonly MemoryView _buffer;
    private readonly MemoryView _recordView;
    private readonly HostAddress _record;
    private readonly byte[] _slot;
    private uint _current;
    private ushort _taken;
    private bool _isBroken;
    private ThreadLock _lock;

    internal SharedReceiveQueue(AdapterContext owner, in SharedReceiveQueueRequest request, MemoryView buffer, MemoryView record)
    {
        (Owner, UserHandle, ProtectionDomain, Limit) = (owner, request.UserHandle, request.ProtectionDomain, request.Limit);
        (_buffer, _recordView, _record) = (buffer, record, record.SlotAt(0));
        _ring = new QueueRing(buffer, request.Ring);
        _slot = new byte[_ring.SlotBytes];
        XrcDomain = request.XrcDomain;
        _lock = new ThreadLock(owner.Vm.Adapter.HasThreads);
    }

    internal AdapterContext Owner { get; }

    internal ulong UserHandle { get; }

    internal uint ProtectionDomain { get; }

    internal uint Handle { get; set; }

    internal uint Number { get; set; }

    /// <summary>The domain whose targets may use it, 0 for none.</summary>
    internal uint XrcDomain { get; }

    /// <summary>What <see cref="XrcDomain"/> names, shared between contexts.</summary>
    internal XrcDomain? Domain { get; init; }

    /// <summary>Where an XRC one completes.</summary>
    internal CompletionQueue? Completions { get; init; }

    internal uint Limit { get; set; }

    internal int Users { get; set; }

    internal uint AsyncEvents { get; private set; }

    internal uint MostRequests => _ring.Count - 1;

    internal int MostSegments => _ring.MostSegments;

    /// <summary>Takes the next request. False when none is posted.</summary>
    internal bool TryTake(ReceiveRequest request)
    {
        _lock.Enter();
        bool isTaken = TryTakeNow(request);
        _lock.Leave();
        return isTaken;
    }

    private bool TryTakeNow(ReceiveRequest request)
    {
        ushort outstanding = (ushort)((ushort)SharedMemory.ReadWord(_record) - _taken);
        if (outstanding == 0 || _isBroken)
            return false;
        if (outstanding > _ring.Count)
        {
            _isBroken = true;
            Fire(AsyncEventType.SharedReceiveQueueError);
            return false;
        }
        SharedMemory.Read(_ring.Slot(_current), _slot);
        Mlx4Slot.DecodeReceive(request, _slot.AsSpan(LinkBytes));
        request.Index = (ushort)_current;
        request.Shared = this;
        // The link is read before the completion is written: that lets the library link the slot anew.
        _current = (uint)BinaryPrimitives.ReadUInt16BigEndian(_slot.AsSpan(NextOffset)) & (_ring.Count - 1);
        _taken++;
        if (outstanding - 1 < Limit)
        {
            Limit = 0;
            Fire(AsyncEventType.SharedReceiveQueueLimit);
        }
        return true;
    }

    /// <summary>Lets go of the memory.</summary>
    internal void Release()
    {
        _buffer.Release();
        _recordView.Release();
    }

    private void Fire(AsyncEventType type)
    {
        if (Owner.Fire(UserHandle, type))
            AsyncEvents++;
    }
}
