namespace Weft.Linux.Signals;

/// <summary>Signals that wait: for one thread, or for any thread of a process.</summary>
/// <remarks>
/// The lock of <see cref="ProcessSignals"/> guards all but <see cref="Set"/>, which anyone may read at any time.
/// </remarks>
internal sealed class PendingSignals
{
    private readonly Queue<SignalInfo>?[] _queues = new Queue<SignalInfo>?[SignalNumber.Highest + 1];
    private ulong _bits;

    /// <summary>The signals that wait.</summary>
    internal SignalSet Set => new(Volatile.Read(ref _bits));

    /// <summary>How many siginfos are queued: what RLIMIT_SIGPENDING counts.</summary>
    internal int Count { get; private set; }

    /// <summary>Queues a signal behind its like.</summary>
    internal void Add(in SignalInfo info)
    {
        (_queues[info.Number] ??= new Queue<SignalInfo>()).Enqueue(info);
        Count++;
        Volatile.Write(ref _bits, _bits | SignalSet.Of(info.Number).Bits);
    }

    /// <summary>Marks a signal whose siginfo found no room: it arrives as if from nobody.</summary>
    internal void AddWithoutInfo(int signal) => Volatile.Write(ref _bits, _bits | SignalSet.Of(signal).Bits);

    /// <summary>Takes the next signal of a set: those of faults first, then the lowest number, the oldest of its like.</summary>
    internal bool TryTake(SignalSet allowed, out SignalInfo info)
    {
        SignalSet ready = new SignalSet(_bits) & allowed;
        if (ready.IsEmpty)
        {
            info = default;
            return false;
        }
        SignalSet synchronous = ready & SignalSet.Synchronous;
        int signal = (synchronous.IsEmpty ? ready : synchronous).Lowest;
        Queue<SignalInfo>? queue = _queues[signal];
        if (queue is null || !queue.TryDequeue(out info))
            info = new SignalInfo { Number = signal, Code = SignalCode.User };
        else
            Count--;
        if (queue is null || queue.Count == 0)
            Volatile.Write(ref _bits, _bits & ~SignalSet.Of(signal).Bits);
        return true;
    }

    /// <summary>All that wait, the oldest of its like first. A copy.</summary>
    internal SignalInfo[] ToArray()
    {
        List<SignalInfo> all = [];
        for (SignalSet left = Set; !left.IsEmpty; left -= SignalSet.Of(left.Lowest))
            if (_queues[left.Lowest] is { Count: > 0 } queue)
                all.AddRange(queue);
            else
                all.Add(new SignalInfo { Number = left.Lowest, Code = SignalCode.User });
        return [.. all];
    }

    /// <summary>Forgets signals.</summary>
    internal void Remove(SignalSet signals)
    {
        SignalSet there = new SignalSet(_bits) & signals;
        Volatile.Write(ref _bits, _bits & ~signals.Bits);
        for (; !there.IsEmpty; there -= SignalSet.Of(there.Lowest))
            if (_queues[there.Lowest] is { } queue)
            {
                Count -= queue.Count;
                queue.Clear();
            }
    }
}
