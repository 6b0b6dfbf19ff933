namespace Weft.Bench;

/// <summary>Interleaved rounds of several contestants: value i of each was measured at about the same time.</summary>
internal sealed class Rounds
{
    private const double LongestRoundNs = 1e9;
    private const int WarmUpShare = 20;
    private readonly Dictionary<string, List<double>> _nanoseconds = [];
    private readonly Dictionary<string, string> _failures = [];

    /// <summary>
    /// Runs contestants in turns: in each session all are started, warmed up by one short round, and measured on the
    /// same number of operations.
    /// </summary>
    /// <param name="bench">How many sessions and rounds.</param>
    /// <param name="contestants">Who takes turns.</param>
    /// <param name="operations">Operations a round; less where one contestant is so slow that a round would take long.</param>
    /// <param name="isWhole">The number of operations is part of the benchmark: never less.</param>
    /// <param name="roundFactor">So many times the usual number of rounds.</param>
    /// <exception cref="BenchmarkException">One failed that was not a guest.</exception>
    internal static Rounds Measure(Bench bench, IReadOnlyList<Contestant> contestants, long operations, bool isWhole, int roundFactor = 1)
    {
        Rounds rounds = new();
        for (int session = 0; session < bench.Sessions; session++)
            rounds.AddSession(contestants, bench.Rounds * roundFactor, operations, isWhole);
        return rounds;
    }

    /// <summary>Whether a contestant was measured.</summary>
    internal bool Has(string name) => _nanoseconds.ContainsKey(name) && !_failures.ContainsKey(name);

    /// <summary>Why a contestant was not measured; null when it was.</summary>
    internal string? Failure(string name) => _failures.GetValueOrDefault(name);

    /// <summary>Nanoseconds an operation; null when the contestant failed or took no part.</summary>
    internal Spread? Of(string name) => Has(name) ? Spread.Of(_nanoseconds[name]) : null;

    /// <summary>One contestant's time divided by another's, round by round.</summary>
    internal Spread Ratio(string name, string by) => Pairs(name, by, (first, second) => first / second);

    /// <summary>One contestant's time less another's, round by round.</summary>
    internal Spread Difference(string name, string less) => Pairs(name, less, (first, second) => first - second);

    private Spread Pairs(string name, string other, Func<double, double, double> combine) =>
        Spread.Of(_nanoseconds[name].Zip(_nanoseconds[other], combine));

    private void AddSession(IReadOnlyList<Contestant> contestants, int rounds, long operations, bool isWhole)
    {
        List<(Contestant Who, RoundServer Server)> running = [];
        try
        {
            foreach (Contestant contestant in contestants)
                Try(contestant, () =>
                {
                    RoundServer server = new(contestant.Command);
                    running.Add((contestant, server));
                    double each = server.Round(isWhole ? operations : Even(operations / WarmUpShare));
                    if (!isWhole && !contestant.IsGuest)
                        operations = Math.Min(operations, Even((long)(LongestRoundNs / each)));
                });
            for (int round = 0; round < rounds; round++)
            {
                // Back and forth, so that a drift of the machine favours nobody.
                running.Reverse();
                foreach ((Contestant who, RoundServer server) in running)
                    Try(who, () => Add(who.Name, who.ByProcessorTime ? server.ProcessorRound(operations) : server.Round(operations)));
            }
        }
        finally
        {
            foreach ((_, RoundServer server) in running)
                server.Dispose();
        }
    }

    /// <summary>Some kernels have two sides.</summary>
    private static long Even(long operations) => Math.Max(2, operations & ~1);

    private void Add(string name, double nanoseconds)
    {
        if (!_nanoseconds.TryGetValue(name, out List<double>? values))
            _nanoseconds[name] = values = [];
        values.Add(nanoseconds);
    }

    private void Try(Contestant contestant, Action measure)
    {
        if (_failures.ContainsKey(contestant.Name))
            return;
        try
        {
            measure();
        }
        catch (BenchmarkException error) when (contestant.IsGuest)
        {
            _failures[contestant.Name] = error.Message;
        }
        catch (BenchmarkException error)
        {
            throw new BenchmarkException($"{contestant.Name}: {error.Message}");
        }
    }
}
