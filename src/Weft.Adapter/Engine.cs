using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// The thread that serves the queues. Queue pairs that were busy lately stand on the hot list and get a turn each
/// round; of the others a few are looked at each round, and all before it sleeps.
/// </summary>
internal sealed class Engine
{
    private const int ColdLooks = 8, ArmLooks = 32, MostIdleRounds = 4000;
    private const int NiceLevel = -15;
    private readonly VirtualAdapter _adapter;
    private readonly EngineMode _mode;
    private readonly Requester _requester;
    private readonly Sleeper _sleeper;
    private readonly Thread _thread;
    private readonly List<QueuePair> _hot = [];
    private readonly List<QueuePair> _cold = [];
    private readonly List<CompletionQueue> _armable = [];
    private int _coldAt;
    private int _armAt;
    private long _lastWork;
    private volatile bool _isStopping;
    private bool _hasChanged = true;

    internal Engine(VirtualAdapter adapter, EngineMode mode)
    {
        (_adapter, _mode) = (adapter, mode);
        _requester = new Requester(adapter);
        _sleeper = new Sleeper(adapter);
        _thread = new Thread(Run) { IsBackground = true, Name = "weft adapter" };
    }

    /// <summary>How often it slept.</summary>
    internal long Sleeps { get; private set; }

    /// <summary>Whether it sleeps now.</summary>
    internal bool IsAsleep => _sleeper.IsAsleep;

    /// <summary>The processor time it took.</summary>
    internal long ProcessorNs => _sleeper.ProcessorNs();

    internal void Start() => _thread.Start();

    internal void Stop()
    {
        _isStopping = true;
        _sleeper.Wake();
        _thread.Join();
        _sleeper.Dispose();
    }

    /// <summary>Queues or VMs came or went: a sleeping engine must make their doorbells trap. Under the gate.</summary>
    internal void Changed()
    {
        _hasChanged = true;
        if (IsAsleep)
            Wake();
    }

    /// <summary>Something may be there to do: ends a sleep. Any thread.</summary>
    internal void Wake() => _sleeper.Wake();

    /// <summary>A queue pair is to be looked at in the next round. Under the gate.</summary>
    internal void Promote(QueuePair pair)
    {
        pair.IdleRounds = 0;
        if (pair.IsHot || pair.IsGone || pair.State is QueuePairState.Reset or QueuePairState.Init or QueuePairState.ReadyToReceive)
            return;
        pair.IsHot = true;
        _hot.Add(pair);
    }

    /// <summary>A queue pair ends. Under the gate.</summary>
    internal void Forget(QueuePair pair)
    {
        _hot.Remove(pair);
        pair.IsHot = false;
        _hasChanged = true;
    }

    private void Run()
    {
        // Among spinning guests a poller that steps aside must get its core back at once. Best effort: a user may not.
        HostStubs.Call(SystemCall.Setpriority, 0, 0, NiceLevel);
        Sleeper.SharpenTimers();
        _adapter.Gate.Take();
        _lastWork = Stopwatch.GetTimestamp();
        while (!_isStopping)
        {
            if (_adapter.Gate.IsWanted)
                _adapter.Gate.LetIn();
            if (_hasChanged)
                Refresh();
            if (Round())
                _lastWork = _requester.Now;
            else
                Idle();
        }
        _adapter.Gate.Leave();
    }

    private bool Round()
    {
        _requester.Now = Stopwatch.GetTimestamp();
        bool moved = false;
        for (int index = _hot.Count - 1; index >= 0; index--)
        {
            QueuePair pair = _hot[index];
            if (Serve(pair))
            {
                pair.IdleRounds = 0;
                moved = true;
            }
            else if (pair.WaitsFor == WaitKind.Nothing && ++pair.IdleRounds > MostIdleRounds)
                Cool(index);
        }
        for (int looks = Math.Min(ColdLooks, _cold.Count); looks > 0; looks--)
        {
            _coldAt = _coldAt + 1 < _cold.Count ? _coldAt + 1 : 0;
            moved |= LookAt(_cold[_coldAt]);
        }
        for (int looks = Math.Min(ArmLooks, _armable.Count); looks > 0; looks--)
        {
            _armAt = _armAt + 1 < _armable.Count ? _armAt + 1 : 0;
            moved |= _armable[_armAt].FireIfArmed();
        }
        return moved;
    }

    private bool Serve(QueuePair pair)
    {
        if (pair.State == QueuePairState.Error || pair.HasSendsToLookAt)
            return _requester.Serve(pair) > 0;
        pair.WaitsFor = WaitKind.Nothing;
        return false;
    }

    /// <summary>Whether a queue pair that was idle has work; it is hot then.</summary>
    private bool LookAt(QueuePair pair)
    {
        if (pair.IsHot)
            return false;
        bool hasWork = pair.State == QueuePairState.Error
            ? pair.Send.Count > 0 && pair.HasPostedSend || pair.HasPostedReceive
            : pair.HasSendsToLookAt && pair.HasPostedSend;
        if (hasWork)
            Promote(pair);
        return hasWork;
    }

    private void Cool(int index)
    {
        _hot[index].IsHot = false;
        _hot[index] = _hot[^1];
        _hot.RemoveAt(_hot.Count - 1);
    }

    private void Idle()
    {
        long idle = _requester.Now - _lastWork;
        IdleStep step = IdlePolicy.Next(_mode, idle * 1e6 / Stopwatch.Frequency, _sleeper.Spinners(_requester.Now), Environment.ProcessorCount);
        switch (step)
        {
            case IdleStep.Spin:
                Thread.SpinWait(1);
                break;
            case IdleStep.StepAside:
                _adapter.Gate.Leave();
                _sleeper.Doze();
                _adapter.Gate.Take();
                break;
            default:
                Sleep();
                break;
        }
    }

    /// <summary>
    /// Sleeps until a doorbell, a control call or a timer. Ordering: first the doorbell pages trap, then a full
    /// fence, then everything is looked at once more; what is posted after that rings.
    /// </summary>
    private void Sleep()
    {
        bool allTrap = true;
        foreach (AdapterVm vm in _adapter.Vms)
            if (vm.Contexts.Count > 0 && !vm.IsTrapping)
                allTrap &= vm.IsTrapping = vm.Doorbell.SetTrapping(true);
        Interlocked.MemoryBarrier();
        if (_isStopping || _hasChanged || FullScan())
            return;
        Sleeps++;
        _sleeper.Sleep(allTrap ? LongestSleepMs() : 1);
        _requester.Now = Stopwatch.GetTimestamp();
        // Where wake-ups follow each other closely a trap per doorbell costs more than polling.
        if (_sleeper.WakesOften && _mode != EngineMode.Event)
            foreach (AdapterVm vm in _adapter.Vms)
                if (vm.IsTrapping && vm.Doorbell.SetTrapping(false))
                    vm.IsTrapping = false;
        // Whoever left meanwhile took its memory along.
        if (_hasChanged)
            Refresh();
        FullScan();
        _lastWork = Stopwatch.GetTimestamp();
    }

    private bool FullScan()
    {
        bool found = _hot.Count > 0 && Round();
        foreach (QueuePair pair in _cold)
            found |= LookAt(pair);
        foreach (CompletionQueue queue in _armable)
            found |= queue.FireIfArmed();
        return found;
    }

    /// <summary>A waiting request has a timer, and posting a receive rings nothing: a broken queue's are looked for now and then.</summary>
    private int LongestSleepMs()
    {
        const int forBroken = 10;
        long nearest = long.MaxValue;
        bool hasBroken = false;
        foreach (QueuePair pair in _hot)
            if (pair.WaitsFor != WaitKind.Nothing)
                nearest = Math.Min(nearest, pair.WakeAt);
        foreach (QueuePair pair in _cold)
            hasBroken |= pair.State == QueuePairState.Error && pair.Receives.Count > 0;
        int wait = nearest == long.MaxValue ? -1 : (int)Math.Clamp((nearest - _requester.Now) * 1000 / Stopwatch.Frequency, 0, 60_000);
        return !hasBroken ? wait : wait < 0 ? forBroken : Math.Min(wait, forBroken);
    }

    private void Refresh()
    {
        _hasChanged = false;
        _cold.Clear();
        _armable.Clear();
        foreach (AdapterVm vm in _adapter.Vms)
            foreach (AdapterContext context in vm.Contexts)
            {
                _cold.AddRange(context.Pairs.Where(pair => pair.Owner == context));
                _armable.AddRange(context.ArmableQueues);
            }
        _sleeper.Watch(_adapter.Vms);
    }
}
