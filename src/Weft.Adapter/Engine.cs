using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>
/// The thread that serves the queues. Queue pairs that were busy lately stand on the hot list and get a turn each
/// round; of the others a few are looked at each round, and all before it sleeps.
/// </summary>
internal sealed partial class Engine
{
    private const int ColdLooks = 8, ArmLooks = 32, MostIdleRounds = 4000;
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
    private bool _hasContexts;

    internal Engine(VirtualAdapter adapter, EngineMode mode)
    {
        (_adapter, _mode) = (adapter, mode);
        _requester = new Requester(adapter);
        _sleeper = new Sleeper(adapter);
        _idle = new IdlePolicy(mode);
        _thread = new Thread(Run) { IsBackground = true, Name = "weft adapter" };
    }

    internal void Start() => _thread.Start();

    internal void Stop()
    {
        _isStopping = true;
        _sleeper.WakeAlways();
        _thread.Join();
        _sleeper.Dispose();
    }

    /// <summary>Queues or VMs came or went: a sleeping engine must make their doorbells trap. Under the gate.</summary>
    internal void Changed()
    {
        _hasChanged = true;
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
        _sleeper.PrepareThread();
        using CrowdWatch crowd = new();
        _adapter.Gate.Take();
        _lastWork = Stopwatch.GetTimestamp();
        while (!_isStopping)
        {
            if (_adapter.Gate.IsWanted)
                _adapter.Gate.LetIn(_sleeper);
            if (_hasChanged)
                Refresh();
            if (!Round())
                Idle(crowd);
            else
            {
                _lastWork = _requester.Now;
                if (_hasTrapping)
                    MakeBusyPagesPlain();
            }
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
        if (_adapter.Remote is { } hosts)
            moved |= hosts.Turn(_requester.Now);
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
            ? pair.HasSendRing && pair.HasPostedSend || pair.HasPostedReceive
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

    private void Refresh()
    {
        _hasChanged = _hasContexts = false;
        _cold.Clear();
        _armable.Clear();
        foreach (AdapterVm vm in _adapter.Vms)
            foreach (AdapterContext context in vm.Contexts)
            {
                _hasContexts = true;
                _cold.AddRange(context.Pairs.Where(pair => pair.Owner == context));
                _armable.AddRange(context.ArmableQueues);
            }
        _sleeper.Watch(_adapter.Vms);
    }
}
