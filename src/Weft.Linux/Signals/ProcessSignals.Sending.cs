using Weft.Linux.Processes;
using Weft.Native;

namespace Weft.Linux.Signals;

public sealed partial class ProcessSignals
{
    /// <summary>The guard of all signal state, for the parts of it that live in other classes.</summary>
    internal Lock Gate => _lock;

    internal void AddDescription(SignalDescription description)
    {
        lock (_lock)
            _descriptions.Add(description);
    }

    internal void RemoveDescription(SignalDescription description)
    {
        lock (_lock)
            _descriptions.Remove(description);
    }

    /// <summary>
    /// Queues a signal and wakes whom it is for. Source: linux/kernel/signal.c, __send_signal_locked and complete_signal.
    /// </summary>
    /// <param name="info">The siginfo.</param>
    /// <param name="target">The thread, or null for the process.</param>
    /// <param name="fatal">The signal ends the process: the caller does so after it let go of the lock.</param>
    internal Errno SendLocked(in SignalInfo info, ThreadSignals? target, out bool fatal)
    {
        int signal = info.Number;
        fatal = signal == SignalNumber.SIGKILL;
        if (fatal)
            return Errno.None;
        GuestThread[] threads = _process.Threads;
        CancelOpposites(signal);
        if (IsDiscarded(signal, target, threads))
            return Errno.None;
        PendingSignals queue = target?.Pending ?? Pending;
        bool isTimer = info.Code == SignalCode.Timer;
        if (signal < SignalNumber.FirstRealTime && !isTimer && queue.Set.Contains(signal))
            return Errno.None;
        if (isTimer || HasRoom(info, threads))
            queue.Add(info);
        else if (signal >= SignalNumber.FirstRealTime && info.Code != SignalCode.User)
            return Errno.EAGAIN;
        else
            queue.AddWithoutInfo(signal);
        foreach (SignalDescription description in _descriptions)
            description.ArrivedLocked(signal);
        if (Choose(signal, target, threads) is { } receiver)
        {
            fatal = _actions.IsFatal(signal) && !receiver.Mask.Contains(signal);
            if (!fatal)
                receiver.Wake();
        }
        return Errno.None;
    }

    /// <summary>A stop forgets a continue that waits, and the other way round.</summary>
    private void CancelOpposites(int signal)
    {
        if (signal == SignalNumber.SIGCONT)
            RemoveLocked(SignalSet.Stopping);
        else if (SignalSet.Stopping.Contains(signal))
            RemoveLocked(SignalSet.Of(SignalNumber.SIGCONT));
    }

    /// <summary>An ignored signal is not even queued, unless it is blocked: it may be handled by the time it is let through.</summary>
    private bool IsDiscarded(int signal, ThreadSignals? target, GuestThread[] threads)
    {
        if (!_actions.IsIgnored(signal))
            return false;
        ThreadSignals? judge = target ?? (threads.Length > 0 ? threads[0].Signals : null);
        return judge is null || !(judge.Mask | judge.Awaited).Contains(signal);
    }

    private bool HasRoom(in SignalInfo info, GuestThread[] threads)
    {
        if (info.Number < SignalNumber.FirstRealTime && info.Code >= 0)
            return true;
        int count = Pending.Count;
        foreach (GuestThread thread in threads)
            count += thread.Signals.Pending.Count;
        return (ulong)count < _process.Limits[Resource.PendingSignals].Soft;
    }

    /// <summary>Who takes a signal now: the target, or for the process the first thread if it can, else any that can.</summary>
    private static ThreadSignals? Choose(int signal, ThreadSignals? target, GuestThread[] threads)
    {
        if (target is not null)
            return target.Wants(signal) ? target : null;
        foreach (GuestThread thread in threads)
            if (thread.Signals.Wants(signal))
                return thread.Signals;
        return null;
    }

    private void HandOnLocked(ThreadSignals from, SignalSet signals)
    {
        if (signals.IsEmpty)
            return;
        GuestThread[] threads = _process.Threads;
        for (; !signals.IsEmpty; signals -= SignalSet.Of(signals.Lowest))
            foreach (GuestThread thread in threads)
                if (thread.Signals != from && thread.Signals.Wants(signals.Lowest))
                {
                    thread.Signals.Wake();
                    break;
                }
    }
}
