using System.Collections.Concurrent;

namespace Weft.Linux;

/// <summary>What a run counts, for --stats.</summary>
/// <remarks>Thread-safe. Hot counters are kept by thread and summed on request.</remarks>
public sealed class Statistics
{
    private readonly ConcurrentDictionary<ulong, long> _unknownCalls = new();
    private readonly ConcurrentDictionary<string, byte> _said = new();
    private readonly Lock _lock = new();
    private readonly List<ThreadStatistics> _threads = [];
    private readonly Stack<ThreadStatistics> _unused = new();

    /// <summary>Calls of numbers that have no handler, by number.</summary>
    public IReadOnlyDictionary<ulong, long> UnknownCalls => _unknownCalls;

    /// <summary>The threads' counters. Finished threads hand theirs on to later ones, so there are as many as ever lived at a time. A copy.</summary>
    public ThreadStatistics[] Threads
    {
        get
        {
            lock (_lock)
                return [.. _threads];
        }
    }

    /// <summary>Whether the time in handlers is summed too. Set before the first thread runs.</summary>
    public bool MeasuresTime { get; set; }

    /// <summary>Counters for a thread that starts, perhaps with the counts of a finished one.</summary>
    internal ThreadStatistics RentThread()
    {
        lock (_lock)
        {
            if (_unused.TryPop(out ThreadStatistics? unused))
                return unused;
            ThreadStatistics made = new(MeasuresTime);
            _threads.Add(made);
            return made;
        }
    }

    /// <summary>Takes back the counters of a finished thread; what they counted stays.</summary>
    internal void ReturnThread(ThreadStatistics statistics)
    {
        lock (_lock)
            _unused.Push(statistics);
    }

    /// <summary>Tells the user something on standard error, the first time only.</summary>
    public void SayOnce(string key, string line)
    {
        if (_said.TryAdd(key, 0))
            Console.Error.WriteLine("weft: " + line);
    }

    /// <summary>Counts a call that has no handler.</summary>
    public void CountUnknown(ulong number)
    {
        const int mostKinds = 4096;
        if (_unknownCalls.Count < mostKinds)
            _unknownCalls.AddOrUpdate(number, 1, (_, count) => count + 1);
    }
}
