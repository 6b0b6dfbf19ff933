using System.Diagnostics;
using Weft.Adapter.Control;

namespace Weft.Adapter;

internal sealed partial class Engine
{
    private const int UnrungMs = 1, OverdueMs = 5, BrokenMs = 10, LongestMs = 60_000;
    private const double UsPerSecond = 1e6;
    private readonly IdlePolicy _idle;
    private readonly SleepProtocol _falling = new();
    private bool _hasTrapping;
    private int _naps;
    private long _burstEnded, _movedBefore, _deliveriesBefore, _lastDelivery;

    /// <summary>How often it slept.</summary>
    internal long Sleeps { get; private set; }

    /// <summary>Whether it sleeps now.</summary>
    internal bool IsAsleep => _sleeper.IsAsleep;

    /// <summary>The processor time it took.</summary>
    internal long ProcessorNs => _sleeper.ReadProcessorNs();

    private void Idle(CrowdWatch crowd)
    {
        if (_burstEnded != _lastWork)
            EndBurst();
        double idleUs = (_requester.Now - _lastWork) * UsPerSecond / Stopwatch.Frequency;
        switch (_idle.Next(idleUs, crowd.IsCrowded(_requester.Now), _hasContexts, (_requester.Now - _lastDelivery) * UsPerSecond / Stopwatch.Frequency))
        {
            case IdleStep.Spin:
                Thread.SpinWait(1);
                break;
            case IdleStep.StepAside:
                _adapter.Gate.Leave();
                _sleeper.Nap(_idle.NapNs(idleUs, _naps++));
                _adapter.Gate.Take();
                break;
            default:
                Sleep();
                break;
        }
    }

    /// <summary>Work was done. With other hosts, time counts from its end: sending and receiving take longer than the shortest spins.</summary>
    private void NoteWork()
    {
        _lastWork = _adapter.Remote is null ? _requester.Now : Stopwatch.GetTimestamp();
        if (_adapter.Deliveries != _deliveriesBefore)
            (_deliveriesBefore, _lastDelivery) = (_adapter.Deliveries, _lastWork);
    }

    private void EndBurst()
    {
        _burstEnded = _lastWork;
        long moved = 0;
        foreach (AdapterVm vm in _adapter.Vms)
            moved += vm.Moved;
        _idle.Worked(moved - _movedBefore);
        _movedBefore = moved;
    }

    /// <summary>
    /// Sleeps until a doorbell, a control call or a timer, if there is nothing to do. Ordering: <see cref="SleepProtocol"/>.
    /// </summary>
    private void Sleep()
    {
        for (_falling.Begin(); _falling.Step != SleepStep.StayAwake;)
            switch (_falling.Step)
            {
                case SleepStep.MakePagesTrap:
                    _falling.Done(MakePagesTrap());
                    break;
                case SleepStep.Fence:
                    Interlocked.MemoryBarrier();
                    if (_isStopping || _hasChanged)
                        return;
                    _falling.Done(true);
                    break;
                case SleepStep.LookAgain:
                    bool isFound = FullScan();
                    if (isFound)
                        NoteWork();
                    _falling.Done(isFound);
                    break;
                default:
                    WaitForWork(LongestSleepMs(allTrap: _falling.Step == SleepStep.Wait));
                    _falling.Done(true);
                    break;
            }
    }

    private void WaitForWork(int mostMs)
    {
        Sleeps++;
        long began = Stopwatch.GetTimestamp();
        _sleeper.Sleep(mostMs);
        // Whoever left meanwhile took its memory and its descriptors along.
        if (_hasChanged)
            Refresh();
        bool wasCalled = _sleeper.TakeBells();
        bool hasWork = FullScan();
        // After a bell more is likely to come soon. A timer's end is none: it goes on sleeping.
        if (!wasCalled && !hasWork)
            return;
        NoteWork();
        _idle.Slept((_lastWork - began) * UsPerSecond / Stopwatch.Frequency);
    }

    /// <summary>False when a VM does not answer: one that is stopped, say.</summary>
    private bool MakePagesTrap()
    {
        bool all = true;
        foreach (AdapterVm vm in _adapter.Vms)
        {
            if (vm.Contexts.Count == 0)
                continue;
            _hasTrapping = vm.IsTrapping = true;
            vm.MovedWhenAwake = vm.Moved;
            if (!vm.TrapsSurely)
                all &= vm.TrapsSurely = vm.Doorbell.SetTrapping(true);
        }
        return all;
    }

    /// <summary>VMs that go on posting post without exits again.</summary>
    private void MakeBusyPagesPlain()
    {
        if (_mode == EngineMode.Event)
            return;
        bool hasTrapping = false, hasSwitched = false;
        foreach (AdapterVm vm in _adapter.Vms)
        {
            if (vm.IsTrapping && vm.Moved - vm.MovedWhenAwake >= IdlePolicy.ShortBurst)
            {
                hasSwitched = true;
                (vm.IsTrapping, vm.TrapsSurely) = (!vm.Doorbell.SetTrapping(false), false);
                vm.MovedWhenAwake = vm.Moved;
                vm.Doorbells += _sleeper.TakeRings(vm.Doorbell.EventDescriptor);
            }
            hasTrapping |= vm.IsTrapping;
        }
        _hasTrapping = hasTrapping;
        if (hasSwitched)
            FullScan();
    }

    private bool FullScan()
    {
        _requester.Now = Stopwatch.GetTimestamp();
        bool found = (_hot.Count > 0 || _adapter.Remote is not null) && Round(_requester.Now);
        for (int index = 0; index < _pairs.Count; index++)
            found |= LookAt(index);
        foreach (CompletionQueue queue in _armable)
            found |= queue.FireIfOverdue(_requester.Now);
        return found;
    }

    /// <summary>A waiting request has a timer. Posting a receive rings nothing: who waits for one, and broken queues, are looked at now and then.</summary>
    private int LongestSleepMs(bool allTrap)
    {
        long nearest = _adapter.Remote?.Deadline ?? long.MaxValue;
        int most = allTrap ? LongestMs : UnrungMs;
        foreach (QueuePair pair in _hot)
        {
            if (pair.WaitsFor != WaitKind.Nothing)
                nearest = Math.Min(nearest, pair.WakeAt);
            if (pair.WaitsFor == WaitKind.Receiver)
                most = UnrungMs;
        }
        foreach (CompletionQueue queue in _armable)
            if (queue.IsPending(_requester.Now))
                most = Math.Min(most, OverdueMs);
        if (most > BrokenMs)
            foreach (QueuePair pair in _pairs)
                if (pair.State == QueuePairState.Error && pair.Receives.Count > 0)
                    most = BrokenMs;
        if (nearest != long.MaxValue)
            most = (int)Math.Clamp((nearest - _requester.Now) * 1000 / Stopwatch.Frequency, 0, most);
        return most == LongestMs ? -1 : most;
    }
}
