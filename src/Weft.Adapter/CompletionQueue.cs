using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Adapter.Mlx4;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>A completion queue in a guest's memory. Polling threads write entries under its lock, in their lanes; control calls under the gate.</summary>
internal sealed class CompletionQueue
{
    private const uint CounterMask = 0xffffff;
    private const int ArmOffset = 4, LastWordOffset = 28;
    private static readonly long Patience = Stopwatch.Frequency / 200;
    private readonly MemoryView _recordView;
    private readonly HostAddress _record;
    private readonly bool _hasTimestamps;
    private MemoryView _buffer;
    private uint _entries;
    private uint _produced;
    private uint _knownConsumer;
    private uint _newestSolicited;
    private uint _fired;
    private uint _marks;
    private uint _markedRecord;
    private uint _overdueArm;
    private long _overdueSince;
    private bool _isOverrun;
    private uint _asyncEvents;
    private ThreadLock _lock;

    internal CompletionQueue(AdapterContext owner, in CompletionQueueRequest request, MemoryView buffer, MemoryView record)
    {
        (Owner, UserHandle, _entries, EntryBytes) = (owner, request.UserHandle, request.Entries, (int)request.EntryBytes);
        (_buffer, _recordView, _record) = (buffer, record, record.SlotAt(0));
        _hasTimestamps = request.HasTimestamps != 0;
        _lock = new ThreadLock(owner.Vm.Adapter.HasThreads);
    }

    internal AdapterContext Owner { get; }

    internal int EntryBytes { get; }

    internal ulong UserHandle { get; }

    internal uint Handle { get; set; }

    internal uint Number { get; set; }

    /// <summary>Where events go, or null: then arming means nothing.</summary>
    internal CompletionChannel? Channel { get; init; }

    /// <summary>Where it stands in the engine's list; the engine's.</summary>
    internal int ArmIndex { get; set; }

    /// <summary>Queue pairs and shared receive queues that complete here.</summary>
    internal int Users { get; set; }

    /// <summary>Events fired into the channel.</summary>
    internal uint CompletionEvents { get; private set; }

    /// <summary>Events fired into the asynchronous descriptor.</summary>
    internal uint AsyncEvents => _asyncEvents;

    /// <summary>
    /// Writes an entry: its data first, the word with the owner bit last. A queue that the program lets overrun
    /// is broken: nothing unread is ever overwritten.
    /// </summary>
    internal void Post(in Completion completion)
    {
        _lock.Enter();
        Write(completion);
        _lock.Leave();
    }

    private void Write(in Completion completion)
    {
        if (_isOverrun)
            return;
        if (((_produced - _knownConsumer) & CounterMask) > _entries && !HasRoom())
        {
            Break();
            return;
        }
        Mlx4Entry entry = Mlx4Completion.Encode(completion, (_produced & (_entries + 1)) != 0);
        // Nanoseconds of CLOCK_MONOTONIC on Linux: as the VMM's clock page has them.
        if (_hasTimestamps && completion.Status == WorkStatus.Success)
            entry = Mlx4Completion.Stamp(entry, (ulong)Stopwatch.GetTimestamp());
        SharedMemory.WriteEntry(EntryAt(_produced), entry);
        _produced++;
        if (completion.IsSolicited || completion.Status != WorkStatus.Success)
            _newestSolicited = _produced;
        if (Channel is not null && IsArmed(out uint arm) && (!ForSolicited(arm) || _newestSolicited == _produced))
            Fire(arm);
    }

    /// <summary>
    /// Looks after arms that came after their entry, or whose store had not arrived when the entry was written: the
    /// usual race. A program that arms and then polls takes such an entry itself and expects no event for it; so one
    /// is fired only when the entry stays unread for a while.
    /// </summary>
    /// <param name="now">Ticks of <see cref="Stopwatch"/>.</param>
    /// <returns>True when an event was fired.</returns>
    internal bool FireIfOverdue(long now)
    {
        _lock.Enter();
        bool hasFired = TryFireOverdue(now);
        _lock.Leave();
        return hasFired;
    }

    private bool TryFireOverdue(long now)
    {
        // By the record's consumer, not by the arm's copy of it: what was read since counts.
        if (!IsArmed(out uint arm) || !IsAhead(ForSolicited(arm) ? _newestSolicited : _produced, Consumer()))
        {
            _overdueArm = 0;
            return false;
        }
        if (_overdueArm != arm)
            (_overdueArm, _overdueSince) = (arm, now);
        return !IsPending(now) && Fire(arm);
    }

    /// <summary>Goes on in another buffer. False when there is no room for what is unread or for the mark that tells of it.</summary>
    internal bool TryResize(MemoryView buffer, uint entries)
    {
        if (!_isOverrun)
        {
            uint consumer = Consumer(), unread = (_produced - consumer) & CounterMask;
            // The mark needs a slot of the old buffer, and the new one a slot for each entry and the mark.
            if (unread > _entries || unread + 1 > entries)
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

    /// <summary>
    /// Whether an entry may soon be overdue: who sleeps must look again in a few milliseconds. Not sooner: a program that
    /// was preempted between arming and polling is to get its core first.
    /// </summary>
    internal bool IsPending(long now) => _overdueArm != 0 && now - _overdueSince < Patience;

    private bool IsArmed(out uint arm)
    {
        arm = SharedMemory.ReadWord(_record + ArmOffset);
        return (arm >> 24 & 7) != 0 && (arm >> 28 & 3) != _fired;
    }

    private static bool ForSolicited(uint arm) => (arm >> 24 & 7) == 1;

    private static bool IsAhead(uint index, uint than)
    {
        uint ahead = (index - than) & CounterMask;
        return ahead is not 0 and <= CounterMask / 2;
    }

    private bool Fire(uint arm)
    {
        if (!Channel!.Pipe.TryWrite(UserHandle))
            return false;
        _fired = arm >> 28 & 3;
        CompletionEvents++;
        Owner.Vm.Moved++;
        return true;
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
        // All slots, one more than the program asked for: some programs lean on it.
        return ((_produced - _knownConsumer) & CounterMask) <= _entries;
    }

    private void Break()
    {
        _isOverrun = true;
        if (Owner.Fire(UserHandle, AsyncEventType.CompletionQueueError))
            _asyncEvents++;
        Owner.BreakUsersOf(this);
    }
}
