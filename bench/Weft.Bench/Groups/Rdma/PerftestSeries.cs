namespace Weft.Bench.Groups.Rdma;

/// <summary>Tests of perftest that take turns: one run of each a session, all sizes in a run.</summary>
internal sealed class PerftestSeries
{
    private readonly Dictionary<(string Test, int Bytes), List<double>> _values = [];
    private readonly Dictionary<string, string> _failures = [];

    /// <summary>A test.</summary>
    /// <param name="Name">How the results call it.</param>
    /// <param name="Words">The program and its options.</param>
    /// <param name="Column">Which column of its table.</param>
    internal sealed record Test(string Name, string[] Words, int Column);

    /// <summary>Runs all tests in turns.</summary>
    /// <param name="bench">How many sessions.</param>
    /// <param name="server">Where servers run.</param>
    /// <param name="client">Where clients run; may be the same host.</param>
    /// <param name="address">The server's address.</param>
    /// <param name="tests">Which.</param>
    internal static PerftestSeries Measure(Bench bench, RdmaHost server, RdmaHost client, string address, IReadOnlyList<Test> tests)
    {
        PerftestSeries series = new();
        for (int session = 0; session < bench.Sessions; session++)
            foreach (Test test in session % 2 == 0 ? tests : tests.Reverse())
                series.Add(server, client, address, test);
        return series;
    }

    /// <summary>A test's values at a size; null when it has none.</summary>
    internal Spread? Of(string test, int bytes) => _values.TryGetValue((test, bytes), out List<double>? values) ? Spread.Of(values) : null;

    /// <summary>Why a test failed; null when it didn't.</summary>
    internal string? Failure(string test) => _failures.GetValueOrDefault(test);

    private void Add(RdmaHost server, RdmaHost client, string address, Test test)
    {
        Console.Error.WriteLine($"bench: {test.Name}");
        try
        {
            foreach ((int bytes, double value) in Perftest.Run(server, client, address, test.Words, test.Column))
            {
                if (!_values.TryGetValue((test.Name, bytes), out List<double>? values))
                    _values[(test.Name, bytes)] = values = [];
                values.Add(value);
            }
        }
        catch (BenchmarkException error)
        {
            _failures[test.Name] = error.Message;
        }
    }
}
