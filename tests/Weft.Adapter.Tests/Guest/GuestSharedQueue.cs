using System.Buffers.Binary;
using System.Numerics;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>A shared receive queue: a list of free slots linked through the ring, as the library keeps it.</summary>
internal sealed class GuestSharedQueue
{
    private readonly GuestContext _context;
    private readonly GuestBuffer _buffer;
    private readonly ulong _record;
    private readonly ulong[] _ids;
    private readonly int _shift, _mostSegments;
    private int _head, _tail;
    private uint _counter;

    internal GuestSharedQueue(GuestContext context, int requests, int segments = 2, uint limit = 0, uint xrcDomain = 0, GuestCompletionQueue? xrcQueue = null)
    {
        _context = context;
        int count = GuestQueuePair.RoundUp(requests + 1);
        _shift = BitOperations.Log2((uint)GuestQueuePair.RoundUp(Math.Max(32, 16 + 16 * segments)));
        _mostSegments = ((1 << _shift) - 16) / 16;
        _ids = new ulong[count];
        _buffer = context.Vm.Arena.Allocate(count << _shift);
        for (int index = 0; index < count; index++)
            Link(index, (index + 1) & (count - 1));
        (_head, _tail) = (0, count - 1);
        (_record, MemoryExtent extent) = context.AllocateRecord(4);
        var request = new SharedReceiveQueueRequest
        {
            UserHandle = 0x5112,
            ProtectionDomain = context.Domain,
            Limit = limit,
            Record = extent,
            XrcDomain = xrcDomain,
            CompletionQueue = xrcQueue?.Handle ?? 0,
            Ring = new QueueLayout { Count = (uint)count, StrideShift = (uint)_shift, MostSegments = (uint)_mostSegments },
        };
        Assert.Equal(Errno.None, context.Verbs.CreateSharedReceiveQueue(request, _buffer.Extents, out QueueReply reply));
        (Handle, Number) = (reply.Handle, reply.Number);
        context.SharedQueues.Add(Number, this);
    }

    internal uint Handle { get; }

    internal uint Number { get; }

    internal ulong RecordAddress => _record;

    internal GuestBuffer Buffer => _buffer;

    internal bool HasRoom => _head != _tail;

    internal void Post(ulong id, params ReadOnlySpan<ScatterEntry> list)
    {
        Assert.True(HasRoom, "The shared receive queue is full.");
        ulong slot = Slot(_head);
        _ids[_head] = id;
        _head = BinaryPrimitives.ReadUInt16BigEndian(Raw.Bytes(slot + 2, 2));
        GuestQueuePair.WriteReceiveList(Raw.Bytes(slot + 16, (1 << _shift) - 16), list, _mostSegments);
        _counter++;
        Volatile.Write(ref Raw.Word(_record), BinaryPrimitives.ReverseEndianness(_counter & 0xffff));
    }

    /// <summary>A completion named the slot.</summary>
    internal ulong Retire(int index)
    {
        ulong id = _ids[index];
        Free(index);
        return id;
    }

    internal void Free(int index)
    {
        Link(_tail, index);
        _tail = index;
    }

    internal EventCounts Destroy()
    {
        Assert.Equal(Errno.None, _context.Verbs.DestroySharedReceiveQueue(Handle, out EventCounts counts));
        _context.SharedQueues.Remove(Number);
        return counts;
    }

    private ulong Slot(int index) => _buffer.Address + ((ulong)index << _shift);

    private void Link(int index, int next) => BinaryPrimitives.WriteUInt16BigEndian(Raw.Bytes(Slot(index) + 2, 2), (ushort)next);
}
