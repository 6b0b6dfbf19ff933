using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>A process's signal handlers, and the signals that wait for any of its threads.</summary>
/// <remarks>
/// Thread-safe. One lock guards the actions, all queues of the process and the masks against senders, as Linux's
/// siglock does. Lock order: this lock, then the process's list of threads.
/// </remarks>
public sealed partial class ProcessSignals
{
    private readonly Lock _lock = new();
    private readonly Process _process;
    private readonly SignalActions _actions = new();
    private readonly List<SignalDescription> _descriptions = [];

    /// <summary>All actions default, nothing waiting.</summary>
    public ProcessSignals(Process process)
    {
        _process = process;
        Timers = new Time.TimerTable(this);
    }

    /// <summary>Signals that wait for any thread.</summary>
    internal PendingSignals Pending { get; } = new();

    /// <summary>The POSIX timers.</summary>
    internal Time.TimerTable Timers { get; }

    /// <summary>The mask that the first thread starts with: the one that weft was started with.</summary>
    internal SignalSet InitialMask { get; private set; }

    /// <summary>Where signals come from outside; null when they don't.</summary>
    internal HostSignals? Host { get; private set; }

    /// <summary>Sends a signal to the process: some thread that doesn't block it takes it.</summary>
    public void Send(in SignalInfo info) => TrySend(info, null);

    /// <summary>The memory limit is reached: what a cgroup's would do, SIGKILL.</summary>
    public void KillForMemory()
    {
        if (_process.Kernel.Options.MemoryLimitBytes is { } limit)
            _process.Kernel.Statistics.SayOnce("memory",
                $"the program needs more memory than its limit of {limit >> 10} KiB and was killed, as by a cgroup's; allow it more by --memory");
        Kill(SignalNumber.SIGKILL);
    }

    /// <summary>Ends the process as a signal's default action does. Never returns.</summary>
    internal void Kill(int signal) => _process.Kernel.EndBySignal(signal);

    /// <summary>Sends a signal to a thread, or to the process. EAGAIN when a real-time signal finds the queue full.</summary>
    internal Errno TrySend(in SignalInfo info, ThreadSignals? target)
    {
        Errno error;
        bool fatal;
        lock (_lock)
            error = SendLocked(info, target, out fatal);
        if (fatal)
            Kill(info.Number);
        return error;
    }

    /// <summary>Takes what weft was started with. Before the first instruction.</summary>
    internal void Inherit(HostSignals host, SignalSet ignored, SignalSet blocked)
    {
        lock (_lock)
        {
            Host = host;
            InitialMask = blocked - SignalSet.Unblockable;
            for (SignalSet left = ignored; !left.IsEmpty; left -= SignalSet.Of(left.Lowest))
                _actions[left.Lowest].Handler = SignalAction.Ignore;
        }
        foreach (GuestThread thread in _process.Threads)
            thread.Signals.SetMask(InitialMask);
    }

    /// <summary>Goes on with the signals of another VMM. Before the first instruction.</summary>
    internal void Restore(HostSignals host, Checkpoint.SignalState state)
    {
        lock (_lock)
        {
            Host = host;
            InitialMask = new SignalSet(state.Mask) - SignalSet.Unblockable;
            for (int signal = 1; signal <= SignalNumber.Highest; signal++)
                _actions[signal] = state.Actions[signal - 1];
            foreach (SignalInfo info in state.Pending)
                Pending.Add(info);
        }
    }

    /// <summary>Handlers, alternate stack and timers go; the mask, ignored signals and what waits stay.</summary>
    internal void ResetForExec(ThreadSignals thread)
    {
        for (int signal = 1; signal <= SignalNumber.Highest; signal++)
        {
            SignalAction action = GetAction(signal);
            if (action.IsHandled || action is { Handler: SignalAction.Default, Flags: not 0 })
                SetAction(signal, default);
        }
        thread.AlternateStack = AlternateStack.None;
        foreach (int timer in Timers.RemoveAll())
            HostStubs.CallQuick(SystemCall.TimerDelete, timer);
    }

    /// <summary>All actions, of signal 1 first. A copy.</summary>
    internal SignalAction[] CopyActions()
    {
        SignalAction[] actions = new SignalAction[SignalNumber.Highest];
        lock (_lock)
            for (int signal = 1; signal <= actions.Length; signal++)
                actions[signal - 1] = _actions[signal];
        return actions;
    }

    /// <summary>What waits in one of the process's queues. A copy.</summary>
    internal SignalInfo[] CopyPending(PendingSignals queue)
    {
        lock (_lock)
            return queue.ToArray();
    }

    /// <summary>A signal's action.</summary>
    internal SignalAction GetAction(int signal)
    {
        lock (_lock)
            return _actions[signal];
    }

    /// <summary>Changes a signal's action; returns the one before. Signals that are now ignored are forgotten where they wait.</summary>
    internal SignalAction SetAction(int signal, in SignalAction action)
    {
        lock (_lock)
        {
            SignalAction before = _actions[signal];
            _actions[signal] = action;
            if (_actions.IsIgnored(signal))
                RemoveLocked(SignalSet.Of(signal));
            Host?.FollowAction(signal, action);
            return before;
        }
    }

    /// <summary>Signals that wait for the thread or the process.</summary>
    internal SignalSet PendingFor(ThreadSignals thread) => thread.Pending.Set | Pending.Set;

    /// <summary>
    /// Takes the next signal that a thread's mask lets through and that isn't ignored, with its action.
    /// SA_RESETHAND has been honoured.
    /// </summary>
    internal bool TryTakeDeliverable(ThreadSignals thread, out SignalInfo info, out SignalAction action)
    {
        lock (_lock)
        {
            while (TryTakeLocked(thread, ~thread.Mask, out info))
            {
                if (_actions.IsIgnored(info.Number))
                    continue;
                action = TakeActionLocked(info.Number);
                return true;
            }
        }
        action = default;
        return false;
    }

    /// <summary>Takes the next signal of a set for a thread: sigwait and signalfd.</summary>
    internal bool TryTake(ThreadSignals thread, SignalSet set, out SignalInfo info)
    {
        lock (_lock)
            return TryTakeLocked(thread, set, out info);
    }

    /// <summary>
    /// The action for a fault of the running thread. False when the signal is blocked or ignored: then it has been made
    /// to kill, as Linux's force_sig does.
    /// </summary>
    internal bool TryTakeFaultAction(ThreadSignals thread, int signal, out SignalAction action)
    {
        lock (_lock)
        {
            if (thread.Mask.Contains(signal) || _actions[signal].Handler == SignalAction.Ignore)
                _actions[signal] = default;
            action = TakeActionLocked(signal);
            return action.IsHandled;
        }
    }

    /// <summary>Changes a thread's mask; process-wide signals that it no longer takes go to another thread.</summary>
    internal void SetMask(ThreadSignals thread, ref SignalSet mask, SignalSet value)
    {
        lock (_lock)
        {
            SignalSet blocked = value - mask;
            mask = value;
            HandOnLocked(thread, Pending.Set & blocked);
        }
    }

    /// <summary>Sets what a thread waits for in sigwait, whatever its mask says.</summary>
    internal void SetAwaited(ref SignalSet awaited, SignalSet value)
    {
        lock (_lock)
            awaited = value;
    }

    /// <summary>A thread ended: what waits for the process goes to another.</summary>
    internal void ThreadEnded(ThreadSignals thread)
    {
        lock (_lock)
        {
            thread.Pending.Remove(new SignalSet(ulong.MaxValue));
            foreach (SignalDescription description in _descriptions)
                description.RemoveUserLocked(thread);
            HandOnLocked(thread, Pending.Set);
        }
    }

    private SignalAction TakeActionLocked(int signal)
    {
        SignalAction action = _actions[signal];
        if (action.IsHandled && action.Has(SignalAction.ResetsItself))
            _actions[signal].Handler = SignalAction.Default;
        return action;
    }

    private bool TryTakeLocked(ThreadSignals thread, SignalSet set, out SignalInfo info)
    {
        if (!thread.Pending.TryTake(set, out info) && !Pending.TryTake(set, out info))
            return false;
        Timers.TakenLocked(ref info);
        foreach (SignalDescription description in _descriptions)
            description.TakenLocked();
        return true;
    }

    private void RemoveLocked(SignalSet signals)
    {
        Pending.Remove(signals);
        foreach (GuestThread thread in _process.Threads)
            thread.Signals.Pending.Remove(signals);
        foreach (SignalDescription description in _descriptions)
            description.TakenLocked();
    }
}
