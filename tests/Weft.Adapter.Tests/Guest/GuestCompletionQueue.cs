using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>A completion queue as the provider library polls, arms and resizes it. One thread at a time.</summary>
internal sealed class GuestCompletionQueue
{
    private const byte OwnerBit = 0x80, SendBit = 0x40, OpcodeBits = 0x1f, ErrorOpcode = 0x1e, ResizeOpcode = 0x16;
    private readonly ulong _record;
    private readonly int _entryBytes;
    private readonly GuestContext _context;
    private GuestBuffer _buffer;
    private int _mask;
    private uint _consumer, _armSerial = 1;

    internal GuestCompletionQueue(GuestContext context, int entries, uint channel, ulong userHandle, int entryBytes)
    {
        (_context, _mask, _entryBytes) = (context, entries, entryBytes);
        _buffer = Fill(entries);
        (_record, MemoryExtent extent) = context.AllocateRecord(8);
        var request = new CompletionQueueRequest
        {
            UserHandle = userHandle,
            Entries = (uint)entries,
            EntryBytes = (uint)entryBytes,
            Channel = channel,
            Record = extent,
        };
        Assert.Equal(Errno.None, context.Verbs.CreateCompletionQueue(request, _buffer.Extents, out CompletionQueueReply reply));
        (Handle, Number) = (reply.Handle, reply.Number);
    }

    internal uint Handle { get; }

    internal uint Number { get; }

    internal ulong RecordAddress => _record;

    internal GuestBuffer Buffer => _buffer;

    internal GuestContext Context => _context;

    /// <summary>ibv_poll_cq of one entry.</summary>
    internal bool TryPoll(out WorkCompletion completion)
    {
        ulong entry = EntryAt(_consumer);
        byte owner = Volatile.Read(ref Raw.Byte(entry + 31));
        if ((owner & OwnerBit) != 0 != ((_consumer & (uint)(_mask + 1)) != 0))
        {
            completion = default;
            return false;
        }
        completion = Decode(Raw.Bytes(entry, 32));
        _consumer++;
        Volatile.Write(ref Raw.Word(_record), BinaryPrimitives.ReverseEndianness(_consumer & 0xffffff));
        return true;
    }

    /// <summary>Whether the entry so many after the next one has come; nothing is consumed.</summary>
    internal bool HasEntry(int ahead)
    {
        uint index = _consumer + (uint)ahead;
        return (Volatile.Read(ref Raw.Byte(EntryAt(index) + 31)) & OwnerBit) != 0 == ((index & (uint)(_mask + 1)) != 0);
    }

    /// <summary>Waits for one entry.</summary>
    internal WorkCompletion Wait()
    {
        WorkCompletion completion = default;
        Host.Until(() => TryPoll(out completion), "a completion");
        return completion;
    }

    /// <summary>Waits for one entry that must be a success.</summary>
    internal WorkCompletion WaitSuccess()
    {
        WorkCompletion completion = Wait();
        Assert.True(completion.IsSuccess, $"A completion with syndrome {completion.Syndrome:x} came: {completion}");
        return completion;
    }

    /// <summary>ibv_req_notify_cq.</summary>
    internal void Arm(bool solicitedOnly = false)
    {
        uint word = (_armSerial & 3) << 28 | (solicitedOnly ? 1u : 2u) << 24 | (_consumer & 0xffffff);
        Volatile.Write(ref Raw.Word(_record + 4), BinaryPrimitives.ReverseEndianness(word));
        _context.Vm.Doorbell.Store();
    }

    /// <summary>What ibv_get_cq_event does for the queue whose event it read.</summary>
    internal void EventTaken() => _armSerial++;

    /// <summary>ibv_resize_cq.</summary>
    internal Errno Resize(int entries)
    {
        GuestBuffer fresh = Fill(entries);
        Errno errno = _context.Verbs.ResizeCompletionQueue(Handle, (uint)entries, fresh.Extents);
        if (errno != Errno.None)
            return errno;
        uint index = _consumer;
        for (ulong entry = EntryAt(index); (Raw.Byte(entry + 31) & OpcodeBits) != ResizeOpcode; entry = EntryAt(index))
        {
            byte owner = (byte)(((index + 1) & (uint)(entries + 1)) != 0 ? OwnerBit : 0);
            Raw.Byte(entry + 31) = (byte)(Raw.Byte(entry + 31) & ~OwnerBit | owner);
            ulong target = fresh.Address + ((index + 1) & (uint)entries) * (ulong)_entryBytes;
            Raw.Bytes(entry, 32).CopyTo(Raw.Bytes(target + (ulong)(_entryBytes - 32), 32));
            index++;
        }
        _consumer++;
        (_buffer, _mask) = (fresh, entries);
        return Errno.None;
    }

    internal EventCounts Destroy()
    {
        Assert.Equal(Errno.None, _context.Verbs.DestroyCompletionQueue(Handle, out EventCounts counts));
        return counts;
    }

    /// <summary>Drops what came of a queue pair that is gone, moving the rest up.</summary>
    internal void Clean(uint queuePair, GuestSharedQueue? shared)
    {
        uint producer = _consumer;
        while ((Volatile.Read(ref Raw.Byte(EntryAt(producer) + 31)) & OwnerBit) != 0 == ((producer & (uint)(_mask + 1)) != 0) && producer - _consumer <= (uint)_mask)
            producer++;
        uint freed = 0;
        while (producer-- != _consumer)
        {
            ulong entry = EntryAt(producer);
            if ((BinaryPrimitives.ReverseEndianness(Raw.Word(entry)) & 0xffffff) == queuePair)
            {
                if (shared is not null && (Raw.Byte(entry + 31) & SendBit) == 0)
                    shared.Free(BinaryPrimitives.ReadUInt16BigEndian(Raw.Bytes(entry + 24, 2)));
                freed++;
            }
            else if (freed != 0)
            {
                ulong target = EntryAt(producer + freed);
                byte owner = (byte)(Raw.Byte(target + 31) & OwnerBit);
                Raw.Bytes(entry, 32).CopyTo(Raw.Bytes(target, 32));
                Raw.Byte(target + 31) = (byte)(Raw.Byte(target + 31) & ~OwnerBit | owner);
            }
        }
        if (freed == 0)
            return;
        _consumer += freed;
        Volatile.Write(ref Raw.Word(_record), BinaryPrimitives.ReverseEndianness(_consumer & 0xffffff));
    }

    private ulong EntryAt(uint index) => _buffer.Address + (index & (uint)_mask) * (ulong)_entryBytes + (ulong)(_entryBytes - 32);

    private GuestBuffer Fill(int entries)
    {
        GuestBuffer buffer = _context.Vm.Arena.Allocate((entries + 1) * _entryBytes);
        buffer.Span.Fill(0xcc);
        return buffer;
    }

    private WorkCompletion Decode(ReadOnlySpan<byte> entry)
    {
        uint number = BinaryPrimitives.ReadUInt32BigEndian(entry) & 0xffffff;
        ushort index = BinaryPrimitives.ReadUInt16BigEndian(entry[24..]);
        bool isError = (entry[31] & OpcodeBits) == ErrorOpcode, isSend = (entry[31] & SendBit) != 0;
        uint immediate = BinaryPrimitives.ReadUInt32BigEndian(entry[4..]), source = BinaryPrimitives.ReadUInt32BigEndian(entry[8..]);
        return new WorkCompletion(
            Retire(number, isSend, index, source & 0xffffff), isError ? entry[27] : (byte)0, isSend, (byte)(entry[31] & OpcodeBits),
            BinaryPrimitives.ReadUInt32BigEndian(entry[20..]), immediate, number, source & 0xffffff, (source & 0x80000000) != 0,
            BinaryPrimitives.ReadUInt16BigEndian(entry[14..]), (byte)(BinaryPrimitives.ReadUInt16BigEndian(entry[12..]) >> 12));
    }

    private ulong Retire(uint number, bool isSend, ushort index, uint source)
    {
        const uint xrcTarget = 1 << 23;
        // A receive of an XRC target, failed or not, names its shared queue where others name their source.
        if ((number & xrcTarget) != 0 && !isSend)
            return _context.SharedQueues.TryGetValue(source, out GuestSharedQueue? xrc) ? xrc.Retire(index)
                : throw new InvalidOperationException($"A completion of shared queue {source:x} came, which is not there (poll_cq would answer -2).");
        if (!_context.QueuePairs.TryGetValue(number, out GuestQueuePair? pair))
            throw new InvalidOperationException($"A completion of queue pair {number:x} came, which is not there (poll_cq would answer -2).");
        if (isSend)
            return pair.RetireSend(index);
        return pair.Shape.Shared is { } shared ? shared.Retire(index) : pair.RetireReceive();
    }
}
