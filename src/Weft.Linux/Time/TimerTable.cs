using Weft.Linux.Signals;

namespace Weft.Linux.Time;

/// <summary>
/// A process's POSIX timers. Each is a timer of the host with the same id, which signals the VMM's receiving thread;
/// here it becomes the program's signal, with overruns counted as Linux counts them.
/// </summary>
/// <remarks>Thread-safe; the lock of <see cref="ProcessSignals"/> guards it.</remarks>
internal sealed class TimerTable(ProcessSignals signals)
{
    private readonly Dictionary<int, Entry> _timers = [];

    /// <summary>Whether a timer exists.</summary>
    internal bool Contains(int id)
    {
        lock (signals.Gate)
            return _timers.ContainsKey(id);
    }

    /// <summary>Adds a timer of the host.</summary>
    /// <param name="id">The host's id.</param>
    /// <param name="info">What its signal carries; number 0 for a timer that only runs (SIGEV_NONE).</param>
    /// <param name="target">The thread that gets the signal; null for the process.</param>
    internal void Add(int id, in SignalInfo info, ThreadSignals? target)
    {
        lock (signals.Gate)
            _timers[id] = new Entry(info, target);
    }

    /// <summary>Forgets a timer. False when there is none.</summary>
    internal bool Remove(int id)
    {
        lock (signals.Gate)
            return _timers.Remove(id);
    }

    /// <summary>Forgets all timers. Returns their ids, which are the host's still.</summary>
    internal int[] RemoveAll()
    {
        lock (signals.Gate)
        {
            int[] ids = [.. _timers.Keys];
            _timers.Clear();
            return ids;
        }
    }

    /// <summary>Expirations that the last delivered signal stood for, beyond its first. Null when there is no such timer.</summary>
    internal int? Overrun(int id)
    {
        lock (signals.Gate)
            return _timers.TryGetValue(id, out Entry? timer) ? timer.LastOverrun : null;
    }

    /// <summary>The host's timer expired, and that many times more before its signal came.</summary>
    internal void Expired(int id, int moreTimes)
    {
        bool fatal;
        int signal;
        lock (signals.Gate)
        {
            if (!_timers.TryGetValue(id, out Entry? timer) || timer.Info.Number == 0)
                return;
            signal = timer.Info.Number;
            PendingSignals queue = timer.Target?.Pending ?? signals.Pending;
            if (timer.IsQueued && queue.Set.Contains(signal))
            {
                timer.Count(1L + moreTimes);
                return;
            }
            timer.Overrun = 0;
            timer.Count(moreTimes);
            signals.SendLocked(timer.Info, timer.Target, out fatal);
            timer.IsQueued = queue.Set.Contains(signal);
        }
        if (fatal)
            signals.Kill(signal);
    }

    /// <summary>A signal was taken: when it is a timer's, it tells how many expirations it stands for.</summary>
    internal void TakenLocked(ref SignalInfo info)
    {
        if (info.Code != SignalCode.Timer || !_timers.TryGetValue((int)(uint)info.First, out Entry? timer) || !timer.IsQueued)
            return;
        timer.IsQueued = false;
        timer.LastOverrun = timer.Overrun;
        info.First = (uint)info.First | (ulong)(uint)timer.Overrun << 32;
    }

    private sealed class Entry(SignalInfo info, ThreadSignals? target)
    {
        internal readonly SignalInfo Info = info;
        internal readonly ThreadSignals? Target = target;
        internal bool IsQueued;
        internal int Overrun, LastOverrun;

        /// <summary>As in POSIX, the count stops at its maximum (DELAYTIMER_MAX).</summary>
        internal void Count(long more) => Overrun = (int)Math.Min(int.MaxValue, Overrun + more);
    }
}
