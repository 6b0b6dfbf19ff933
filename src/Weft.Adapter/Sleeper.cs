using System.Diagnostics;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>How the engine's thread sleeps: on all doorbells' eventfds, on one of its own, and on a timer.</summary>
internal sealed class Sleeper : IDisposable
{
    private const int PollEntryBytes = 8, NonBlockingCloseOnExec = 0x80800, ScratchBytes = 4096;
    private const short Readable = 1;
    private const int TimerSlack = 29, ThreadClock = 3;
    private const long DozeNs = 5000;
    private const double OftenUs = 400;
    private const int OftenTimes = 4;
    private readonly VirtualAdapter _adapter;
    private readonly NativeBuffer _scratch = new(ScratchBytes);
    private readonly NativeBuffer _one = new(ScratchBytes);
    private readonly int _wake;
    private readonly List<int> _watched = [];
    private NativeBuffer _entries = new(ScratchBytes);
    private int _asleep;
    private long _lastWake;
    private int _closeWakes;
    private long _lastCount;
    private int _spinners;
    private long _processorNs;

    internal Sleeper(VirtualAdapter adapter)
    {
        _adapter = adapter;
        BitConverter.TryWriteBytes(_one.Span, 1L);
        _wake = (int)HostStubs.Call(SystemCall.Eventfd2, 0, NonBlockingCloseOnExec);
    }

    internal bool IsAsleep => Volatile.Read(ref _asleep) != 0;

    /// <summary>Whether the last few sleeps ended soon after they began.</summary>
    internal bool WakesOften => _closeWakes >= OftenTimes;

    /// <summary>Ends a sleep, now or the next one. Any thread.</summary>
    internal void Wake()
    {
        HostStubs.Call(SystemCall.Write, _wake, (long)_one.Address.Value, sizeof(ulong));
    }

    /// <summary>Takes the VMs' doorbells over.</summary>
    internal void Watch(IReadOnlyList<AdapterVm> vms)
    {
        _watched.Clear();
        _watched.Add(_wake);
        foreach (AdapterVm vm in vms)
            _watched.Add(vm.Doorbell.EventDescriptor);
        if (_entries.Length < _watched.Count * PollEntryBytes)
        {
            _entries.Dispose();
            _entries = new NativeBuffer(_watched.Count * PollEntryBytes * 2);
        }
    }

    /// <summary>Sleeps; leaves the gate meanwhile.</summary>
    /// <param name="mostMs">The longest, -1 for ever.</param>
    internal void Sleep(int mostMs)
    {
        Span<byte> entries = _entries.Span;
        for (int index = 0; index < _watched.Count; index++)
        {
            BitConverter.TryWriteBytes(entries[(index * PollEntryBytes)..], _watched[index]);
            BitConverter.TryWriteBytes(entries[(index * PollEntryBytes + 4)..], (int)Readable);
        }
        _processorNs = ReadProcessorNs();
        long began = Stopwatch.GetTimestamp();
        Volatile.Write(ref _asleep, 1);
        _adapter.Gate.Leave();
        HostStubs.Call(SystemCall.Poll, (long)_entries.Address.Value, _watched.Count, mostMs);
        _adapter.Gate.Take();
        Volatile.Write(ref _asleep, 0);
        for (int index = 0; index < _watched.Count; index++)
            if (BitConverter.ToInt16(_entries.Span[(index * PollEntryBytes + 6)..]) != 0)
                HostStubs.Call(SystemCall.Read, _watched[index], (long)_scratch.Address.Value, sizeof(ulong));
        _lastWake = Stopwatch.GetTimestamp();
        bool wasShort = (_lastWake - began) * 1e6 / Stopwatch.Frequency < OftenUs;
        _closeWakes = wasShort ? _closeWakes + 1 : 0;
    }

    /// <summary>Leaves the core for a few microseconds. The caller has left the gate.</summary>
    internal void Doze()
    {
        BitConverter.TryWriteBytes(_scratch.Span, 0L);
        BitConverter.TryWriteBytes(_scratch.Span[8..], DozeNs);
        HostStubs.Call(SystemCall.Nanosleep, (long)_scratch.Address.Value, 0);
    }

    /// <summary>Makes short sleeps short: the thread's own setting.</summary>
    internal static void SharpenTimers() => HostStubs.Call(SystemCall.Prctl, TimerSlack, 1);

    /// <summary>VMs that moved something within the last milliseconds.</summary>
    internal int Spinners(long now)
    {
        const double periodUs = 2000;
        if ((now - _lastCount) * 1e6 / Stopwatch.Frequency < periodUs)
            return _spinners;
        _lastCount = now;
        _spinners = 0;
        foreach (AdapterVm vm in _adapter.Vms)
            if (vm.HasMoved())
                _spinners++;
        return _spinners;
    }

    /// <summary>Processor time of the engine's thread up to its last sleep.</summary>
    internal long ProcessorNs() => Volatile.Read(ref _processorNs);

    /// <inheritdoc/>
    public void Dispose()
    {
        HostStubs.Call(SystemCall.Close, _wake);
        _scratch.Dispose();
        _one.Dispose();
        _entries.Dispose();
    }

    private long ReadProcessorNs()
    {
        HostStubs.Call(SystemCall.ClockGettime, ThreadClock, (long)_scratch.Address.Value);
        return BitConverter.ToInt64(_scratch.Span) * 1_000_000_000 + BitConverter.ToInt64(_scratch.Span[8..]);
    }
}
