using System.Diagnostics;
using Weft.Adapter.Control;

namespace Weft.Adapter;

/// <summary>
/// The thread that serves the queues. Queue pairs that were busy lately stand on the hot list and get a turn each
/// round; of the others a few are looked at each round, and all before it sleeps.
/// </summary>
internal sealed partial class Engine
{
    private const int SlotLooks = 8, ArmLooks = 8, MostIdleRounds = 4000;
    private readonly VirtualAdapter _adapter;
    private readonly EngineMode _mode;
    private readonly Requester _requester;
    private readonly Sleeper _sleeper;
    private readonly Thread _thread;
    private readonly List<QueuePair> _hot = [];
    private readonly List<QueuePair> _pairs = [];
    private readonly List<CompletionQueue> _armable = [];
    private WatchedSlot[] _slots = new WatchedSlot[64];
    private int _slotAt;
    private int _armAt;
    private long _lastWork;
    private volatile bool _isStopping;
    private bool _hasChanged = true;
    private bool _hasContexts;
    private bool _isStarted;

    internal Engine(VirtualAdapter adapter, EngineMode mode)
    {
        (_adapter, _mode) = (adapter, mode);
        _requester = new Requester(adapter);
        _sleeper = new Sleeper(adapter);
        _idle = new IdlePolicy(mode, adapter.Remote is not null);
        _thread = new Thread(Run) { IsBackground = true, Name = "weft adapter" };
    }

    internal void Start()
    {
        _isStarted = true;
        _thread.Start();
    }

    /// <summary>One round at a time of the caller's, for an engine that was not started. True when something moved.</summary>
    internal bool Turn(long now)
    {
        if (_hasChanged)
            Refresh();
        return Round(now);
    }


    internal void Stop()
    {
        _isStopping = true;
        _sleeper.WakeAlways();
        if (_isStarted)
            _thread.Join();
        _sleeper.Dispose();
    }

    /// <summary>VMs or contexts came or went: a sleeping engine must make their doorbells trap. Under the gate.</summary>
    internal void Changed()
    {
        _hasChanged = true;
        Wake();
    }

    /// <summary>A queue pair is there. Takes the same time however many there are. Under the gate.</summary>
    internal void Add(QueuePair pair)
    {
        pair.SlotIndex = _pairs.Count;
        _pairs.Add(pair);
        if (_slots.Length < _pairs.Count)
            Array.Resize(ref _slots, _pairs.Count * 2);
        Watch(pair);
    }

    /// <summary>A queue that has events is there. Under the gate.</summary>
    internal void Add(CompletionQueue queue)
    {
        queue.ArmIndex = _armable.Count;
        _armable.Add(queue);
    }

    /// <summary>Such a queue ends. Under the gate.</summary>
    internal void Forget(CompletionQueue queue)
    {
        CompletionQueue last = _armable[^1];
        (_armable[queue.ArmIndex], last.ArmIndex) = (last, queue.ArmIndex);
        _armable.RemoveAt(_armable.Count - 1);
    }

    /// <summary>Something may be there to do: ends a sleep. Any thread.</summary>
    internal void Wake() => _sleeper.Wake();

    /// <summary>As <see cref="Wake"/>, after a change that was not made under the gate: it ends the next sleep where there is none now.</summary>
    internal void WakeAlways() => _sleeper.WakeAlways();

    /// <summary>A queue pair is to be looked at in the next round. Under the gate.</summary>
    internal void Promote(QueuePair pair)
    {
        pair.IdleRounds = 0;
        if (pair.IsHot || pair.IsGone)
            return;
        pair.IsHot = pair.State is not (QueuePairState.Reset or QueuePairState.Init or QueuePairState.ReadyToReceive);
        if (pair.IsHot)
            _hot.Add(pair);
        Watch(pair);
    }

    /// <summary>A queue pair ends. Under the gate.</summary>
    internal void Forget(QueuePair pair)
    {
        if (pair.IsHot)
            _hot.Remove(pair);
        pair.IsHot = false;
        QueuePair last = _pairs[^1];
        (_pairs[pair.SlotIndex], last.SlotIndex) = (last, pair.SlotIndex);
        _slots[pair.SlotIndex] = _slots[_pairs.Count - 1];
        _pairs.RemoveAt(_pairs.Count - 1);
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
            if (!Round(Stopwatch.GetTimestamp()))
                Idle(crowd);
            else
            {
                NoteWork();
                if (_naps > 0)
                {
                    _idle.Napped(_naps);
                    _naps = 0;
                }
                if (_hasTrapping)
                    MakeBusyPagesPlain();
            }
        }
        _adapter.Gate.Leave();
    }

    private bool Round(long now)
    {
        _requester.Now = now;
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
        for (int looks = Math.Min(SlotLooks, _pairs.Count); looks > 0; looks--)
        {
            _slotAt = _slotAt + 1 < _pairs.Count ? _slotAt + 1 : 0;
            moved |= LookAt(_slotAt);
        }
        for (int looks = Math.Min(ArmLooks, _armable.Count); looks > 0; looks--)
        {
            _armAt = _armAt + 1 < _armable.Count ? _armAt + 1 : 0;
            moved |= _armable[_armAt].FireIfOverdue(_requester.Now);
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

    /// <summary>Whether an idle queue pair has work; it is hot then.</summary>
    private bool LookAt(int index)
    {
        ref readonly WatchedSlot slot = ref _slots[index];
        if (!(slot.IsBroken ? IsFlushDue(_pairs[index]) : slot.IsPosted))
            return false;
        Promote(_pairs[index]);
        return _pairs[index].IsHot;
    }

    private static bool IsFlushDue(QueuePair pair) => pair.HasSendRing && pair.HasPostedSend || pair.HasPostedReceive;

    private void Cool(int index)
    {
        QueuePair pair = _hot[index];
        pair.IsHot = false;
        _hot[index] = _hot[^1];
        _hot.RemoveAt(_hot.Count - 1);
        Watch(pair);
    }

    /// <summary>An idle queue pair's next slot is looked at from now on.</summary>
    private void Watch(QueuePair pair) => _slots[pair.SlotIndex] =
        pair.IsHot ? default
        : pair.State == QueuePairState.Error ? WatchedSlot.Broken
        : pair.HasSendsToLookAt ? new WatchedSlot(pair.Send.Slot(pair.SendIndex), (pair.SendIndex & pair.Send.Count) != 0)
        : default;

    private void Refresh()
    {
        _hasChanged = _hasContexts = false;
        foreach (AdapterVm vm in _adapter.Vms)
            _hasContexts |= vm.Contexts.Count > 0;
        _sleeper.Watch(_adapter.Vms);
    }
}
