using Weft.Adapter.Control;
using Weft.Adapter.Mlx4;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>A completion queue in a guest's memory. Used under the adapter's gate.</summary>
internal sealed class CompletionQueue
{
    private const uint CounterMask = 0xffffff;
    private const int ArmOffset = 4, LastWordOffset = 28;
    private readonly MemoryView _recordView;
    private readonly HostAddress _record;
    private MemoryView _buffer;
    private uint _entries;
    private uint _produced;
    private uint _knownConsumer;
    private uint _newestSolicited;
    private uint _fired;
    private uint _marks;
    private uint _markedRecord;
    private bool _isOverrun;

    internal CompletionQueue(AdapterContext owner, in CompletionQueueRequest request, MemoryView buffer, MemoryView record)
    {
        (Owner, UserHandle, _entries, EntryBytes) = (owner, request.UserHandle, request.Entries, (int)request.EntryBytes);
        (_buffer, _recordView, _record) = (buffer, record, record.SlotAt(0));
    }

    internal AdapterContext Owner { get; }

    internal int EntryBytes { get; }

    internal ulong UserHandle { get; }

    internal uint Handle { get; set; }

    internal uint Number { get; set; }

    /// <summary>Where events go, or null: then arming means nothing.</summary>
    internal CompletionChannel? Channel { get; init; }

    /// <summary>Queue pairs and shared receive queues that complete here.</summary>
    internal int Users { get; set; }

    /// <summary>Events fired into the channel.</summary>
    internal uint CompletionEvents { get; private set; }

    /// <summary>Events fired into the asynchronous descriptor.</summary>
    internal uint AsyncEvents { get; private set; }

    /// <summary>
    /// Writes an entry: its data first, the word with the owner bit last. A queue that the program lets overrun
    /// is broken: nothing unread is ever overwritten.
    /// </summary>
    internal void Post(in Completion completion)
    {
        if (_isOverrun)
            return;
        if (((_produced - _knownConsumer) & CounterMask) >= _entries && !HasRoom())
        {
            Break();
            return;
        }
        SharedMemory.WriteEntry(EntryAt(_produced), Mlx4Completion.Encode(completion, (_produced & (_entries + 1)) != 0));
        _produced++;
        if (completion.IsSolicited || completion.Status != WorkStatus.Success)
            _newestSolicited = _produced;
        if (Channel is not null)
            FireIfArmed();
    }

    /// <summary>
    /// Fires an event when the record asks for one and has not had it: after each entry, and again whenever the
    /// engine looks, since arming after the entry came is the usual race.
    /// </summary>
    internal bool FireIfArmed()
    {
        const uint forSolicited = 1;
        uint arm = SharedMemory.ReadWord(_record + ArmOffset);
        uint sequence = arm >> 28 & 3, command = arm >> 24 & 7;
        if (command == 0 || sequence == _fired)
            return false;
        uint newest = command == forSolicited ? _newestSolicited : _produced;
        uint ahead = (newest - arm) & CounterMask;
        if (ahead == 0 || ahead > CounterMask / 2 || !Channel!.Pipe.TryWrite(UserHandle))
            return false;
        _fired = sequence;
        CompletionEvents++;
        Owner.Vm.Moved++;
        return true;
    }

    /// <summary>Goes on in another buffer. False when it has no room for what is unread.</summary>
    internal bool TryResize(MemoryView buffer, uint entries)
    {
        if (!_isOverrun)
        {
            uint consumer = Consumer();
            if (((_produced - consumer) & CounterMask) + 1 > entries)
                return false;
            if (_marks == 0)
                _markedRecord = consumer;
            _marks++;
            SharedMemory.WriteWordRelease(EntryAt(_produced) + LastWordOffset, Mlx4Completion.ResizeWord((_produced & (_entries + 1)) != 0));
            _produced++;
        }
        _buffer.Release();
        (_buffer, _entries) = (buffer, entries);
        MarkUnused();
        return true;
    }

    /// <summary>Lets go of the memory.</summary>
    internal void Release()
    {
        _buffer.Release();
        _recordView.Release();
    }

    /// <summary>The owner bit that says new depends on how often the index went round, which it does otherwise in a buffer of another size.</summary>
    private void MarkUnused()
    {
        const uint ownerBit = 0x80;
        for (uint index = _produced; index != _produced + _entries + 1; index++)
            SharedMemory.WriteWordRelease(EntryAt(index) + LastWordOffset, (index & (_entries + 1)) != 0 ? 0 : ownerBit);
    }

    private HostAddress EntryAt(uint index) =>
        _buffer.SlotAt((ulong)(index & _entries) * (ulong)EntryBytes + (ulong)(EntryBytes - Mlx4Completion.Bytes));

    /// <summary>The program steps over a resize's mark without telling: it does with the next entry that it takes.</summary>
    private uint Consumer()
    {
        uint consumer = SharedMemory.ReadWord(_record) & CounterMask;
        if (consumer != _markedRecord)
            _marks = 0;
        return (consumer + _marks) & CounterMask;
    }

    private bool HasRoom()
    {
        _knownConsumer = Consumer();
        // One slot stays free: a resize puts its mark there.
        return ((_produced - _knownConsumer) & CounterMask) < _entries;
    }

    private void Break()
    {
        _isOverrun = true;
        if (Owner.Fire(UserHandle, AsyncEventType.CompletionQueueError))
            AsyncEvents++;
        Owner.BreakUsersOf(this);
    }
}
