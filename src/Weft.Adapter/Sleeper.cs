using Weft.Adapter.Remote;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>How a polling thread sleeps: on its VMs' doorbells' eventfds, on one of its own, and on a timer.</summary>
/// <remarks>That thread only, but for <see cref="Wake"/>, <see cref="WakeAlways"/> and <see cref="ReadProcessorNs"/>.</remarks>
internal sealed class Sleeper : IDisposable
{
    private const int PollEntryBytes = 8, NonBlockingCloseOnExec = 0x80800, ScratchBytes = 4096, ResultAt = 6;
    private const short Readable = 1;
    private const int TimerSlack = 29;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private readonly Gate _gate;
    private readonly int _lane;
    private readonly RemoteHosts? _hosts;
    private readonly NativeBuffer _scratch = new(ScratchBytes);
    private readonly NativeBuffer _one = new(ScratchBytes);
    private readonly int _wake;
    private readonly List<int> _watched = [];
    private NativeBuffer _entries = new(ScratchBytes);
    private int _links = -1;
    private int _asleep;
    private int _threadId;
    private int _firstVm = 1;
    private bool _hasNewEntries;

    /// <param name="gate">What it leaves while it sleeps.</param>
    /// <param name="lane">The thread's lane of it.</param>
    /// <param name="hosts">The links, for the thread that serves them.</param>
    internal Sleeper(Gate gate, int lane, RemoteHosts? hosts)
    {
        (_gate, _lane, _hosts) = (gate, lane, hosts);
        BitConverter.TryWriteBytes(_one.Span, 1L);
        _wake = (int)HostStubs.Call(SystemCall.Eventfd2, 0, NonBlockingCloseOnExec);
        _watched.Add(_wake);
    }

    internal bool IsAsleep => Volatile.Read(ref _asleep) != 0;

    /// <summary>
    /// Ends a sleep. Any thread that has changed something. The fences here and in <see cref="Announce"/> let at least one
    /// of both see the other: a thread that has not said that it sleeps looks once more before it does.
    /// </summary>
    internal void Wake()
    {
        Interlocked.MemoryBarrier();
        if (IsAsleep)
            WakeAlways();
    }

    /// <summary>Ends a sleep, now or the next one. Any thread.</summary>
    internal void WakeAlways() => HostStubs.Call(SystemCall.Write, _wake, (long)_one.Address.Value, sizeof(ulong));

    /// <summary>Says that it sleeps, before it looks for work for the last time.</summary>
    internal void Announce()
    {
        Volatile.Write(ref _asleep, 1);
        Interlocked.MemoryBarrier();
    }

    /// <summary>It doesn't sleep after all, or not any more.</summary>
    internal void Withdraw() => Volatile.Write(ref _asleep, 0);

    /// <summary>Takes the VMs' doorbells over.</summary>
    internal void Watch(IReadOnlyList<AdapterVm> vms)
    {
        _watched.Clear();
        _watched.Add(_wake);
        if (_hosts is not null)
            _watched.Add(_links = _hosts.Node.WaitDescriptor);
        _firstVm = _watched.Count;
        foreach (AdapterVm vm in vms)
            _watched.Add(vm.Doorbell.EventDescriptor);
        if (_entries.Length < _watched.Count * PollEntryBytes)
        {
            _entries.Dispose();
            _entries = new NativeBuffer(_watched.Count * PollEntryBytes * 2);
        }
        _hasNewEntries = true;
    }

    /// <summary>Sleeps, as it has said; leaves the gate meanwhile. Afterwards the watched VMs may have left: see <see cref="TakeBells"/>.</summary>
    /// <param name="mostMs">The longest, -1 for ever.</param>
    internal void Sleep(int mostMs)
    {
        PrepareEntries();
        _gate.Leave(_lane);
        Poll(mostMs);
        _gate.Take(_lane);
        Withdraw();
    }

    /// <summary>Takes the counts that the last sleep ended with. True when anything but a timer ended it.</summary>
    /// <remarks>Called after <see cref="Watch"/> where VMs have come or gone: only descriptors that are theirs now are read.</remarks>
    internal bool TakeBells(List<AdapterVm> vms)
    {
        if (_hasNewEntries)
        {
            PrepareEntries();
            Poll(0);
        }
        bool any = false;
        for (int index = 0; index < _watched.Count; index++)
            if (BitConverter.ToInt16(_entries.Span[(index * PollEntryBytes + ResultAt)..]) != 0)
            {
                any = true;
                // The links' is readable for as long as they have something to do.
                if (_watched[index] == _links)
                    continue;
                long rings = TakeRings(_watched[index]);
                if (index >= _firstVm)
                    vms[index - _firstVm].Doorbells += rings;
            }
        return any;
    }

    /// <summary>Takes an eventfd's count: each of a doorbell page's is a store that cost its VM an exit.</summary>
    internal long TakeRings(int descriptor) =>
        HostStubs.Call(SystemCall.Read, descriptor, (long)_scratch.Address.Value, sizeof(ulong)) == sizeof(ulong) ? BitConverter.ToInt64(_scratch.Span) : 0;

    /// <summary>Leaves the core for some microseconds. The caller has left the gate.</summary>
    internal void Doze(long nanoseconds)
    {
        BitConverter.TryWriteBytes(_scratch.Span, 0L);
        BitConverter.TryWriteBytes(_scratch.Span[8..], nanoseconds);
        HostStubs.Call(SystemCall.Nanosleep, (long)_scratch.Address.Value, 0);
    }

    /// <summary>As <see cref="Doze"/>, but what comes from another host ends it.</summary>
    internal void Nap(long nanoseconds)
    {
        const int timeAt = 16, entryAt = 32;
        if (_hosts is null)
        {
            Doze(nanoseconds);
            return;
        }
        Span<byte> scratch = _scratch.Span;
        BitConverter.TryWriteBytes(scratch[timeAt..], 0L);
        BitConverter.TryWriteBytes(scratch[(timeAt + sizeof(long))..], nanoseconds);
        BitConverter.TryWriteBytes(scratch[entryAt..], _hosts.Node.WaitDescriptor);
        BitConverter.TryWriteBytes(scratch[(entryAt + sizeof(int))..], (int)Readable);
        long address = (long)_scratch.Address.Value;
        HostStubs.Call(SystemCall.Ppoll, address + entryAt, 1, address + timeAt);
    }

    /// <summary>
    /// Sets the engine's thread up: short sleeps are to be short, and a thread that wakes is to run at once among
    /// guests that spin. Best effort: an ordinary user may not raise a priority, but may ask for short time slices.
    /// </summary>
    internal void PrepareThread()
    {
        const int attributeBytes = 48, niceAt = 16, sliceAt = 24, niceLevel = -15;
        const long sliceNs = 100_000;
        Volatile.Write(ref _threadId, (int)HostStubs.Call(SystemCall.Gettid));
        HostStubs.Call(SystemCall.Prctl, TimerSlack, 1);
        // Source: sched_setattr(2): struct sched_attr, policy SCHED_OTHER; the slice since Linux 6.12.
        Span<byte> attributes = _scratch.Span[..attributeBytes];
        attributes.Clear();
        BitConverter.TryWriteBytes(attributes, attributeBytes);
        BitConverter.TryWriteBytes(attributes[niceAt..], niceLevel);
        BitConverter.TryWriteBytes(attributes[sliceAt..], sliceNs);
        if (HostStubs.Call(SystemCall.SchedSetattr, 0, (long)_scratch.Address.Value, 0) == 0)
            return;
        BitConverter.TryWriteBytes(attributes[niceAt..], 0);
        HostStubs.Call(SystemCall.SchedSetattr, 0, (long)_scratch.Address.Value, 0);
    }

    /// <summary>Processor time that the engine's thread took. Any thread.</summary>
    internal long ReadProcessorNs()
    {
        // Source: include/linux/posix-timers_types.h, CPUCLOCK_PERTHREAD_MASK | CPUCLOCK_SCHED.
        const int ofThread = 6;
        int thread = Volatile.Read(ref _threadId);
        using NativeBuffer time = new(ScratchBytes);
        return thread != 0 && HostStubs.Call(SystemCall.ClockGettime, ~thread << 3 | ofThread, (long)time.Address.Value) == 0
            ? BitConverter.ToInt64(time.Span) * NanosecondsPerSecond + BitConverter.ToInt64(time.Span[8..])
            : 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        HostStubs.Call(SystemCall.Close, _wake);
        _scratch.Dispose();
        _one.Dispose();
        _entries.Dispose();
    }

    private void PrepareEntries()
    {
        Span<byte> entries = _entries.Span;
        for (int index = 0; index < _watched.Count; index++)
        {
            BitConverter.TryWriteBytes(entries[(index * PollEntryBytes)..], _watched[index]);
            BitConverter.TryWriteBytes(entries[(index * PollEntryBytes + 4)..], (int)Readable);
        }
        _hasNewEntries = false;
    }

    private void Poll(int mostMs)
    {
        if (HostStubs.Call(SystemCall.Poll, (long)_entries.Address.Value, _watched.Count, mostMs) < 0)
            PrepareEntries();
    }
}
