using System.Collections.Concurrent;

namespace Weft.Linux;

/// <summary>What a run counts, for --stats.</summary>
/// <remarks>Thread-safe. Hot counters are kept by thread and summed on request.</remarks>
public sealed class Statistics
{
    private readonly ConcurrentDictionary<ulong, long> _unknownCalls = new();
    private readonly ConcurrentDictionary<string, byte> _said = new();

    /// <summary>Calls of numbers that have no handler, by number.</summary>
    public IReadOnlyDictionary<ulong, long> UnknownCalls => _unknownCalls;

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
