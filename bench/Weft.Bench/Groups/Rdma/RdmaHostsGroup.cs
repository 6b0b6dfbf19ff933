using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Weft.Bench.Groups.Rdma;

/// <summary>
/// The adapter between two hosts made of network namespaces, beside TCP over the same wire: tests/twohosts/measure.sh runs
/// both in turns, once a session. Needs root.
/// </summary>
internal sealed partial class RdmaHostsGroup : IBenchmarkGroup
{
    private const string PingPong = "TCP, both ends spinning", Stream = "iperf3", Write = "ib_write_lat", Read = "ib_read_lat", Rate = "-s 64 -n";
    private const double LatencyBeyond = 10, BandwidthShare = 1 / 0.8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    /// <inheritdoc/>
    public string Name => "rdma-hosts";

    /// <inheritdoc/>
    public string Title => "RDMA between two hosts";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench)
    {
        Dictionary<string, List<double>> rows = [];
        string script = Path.Combine(bench.Root, "tests/twohosts/measure.sh");
        if (!File.Exists(script) || !Environment.IsPrivilegedProcess)
            return [new Figure { Name = Title, Unit = "µs", Note = "needs root, for network namespaces" }];
        for (int session = 0; session < bench.Sessions; session++)
        {
            Console.Error.WriteLine($"bench: two hosts, {session + 1} of {bench.Sessions}");
            foreach ((string name, double value) in Run(bench, script))
            {
                if (!rows.TryGetValue(name, out List<double>? values))
                    rows[name] = values = [];
                values.Add(value);
            }
        }
        double ping = Median(rows, PingPong), stream = Median(rows, Stream);
        List<Figure> figures = [.. rows.Select(row => Describe(row.Key, Spread.Of(row.Value), ping, stream))];
        return figures.Count > 0 ? figures : [new Figure { Name = Title, Unit = "µs", Error = "measure.sh printed no figures" }];
    }

    private static Figure Describe(string name, Spread spread, double ping, double stream)
    {
        if (name.StartsWith(PingPong, StringComparison.Ordinal))
            return new Figure { Name = name, Unit = "µs", Native = spread };
        if (name.StartsWith(Stream, StringComparison.Ordinal))
            return new Figure { Name = name, Unit = "MiB/s", Native = spread };
        if (name.StartsWith(Write, StringComparison.Ordinal) || name.StartsWith(Read, StringComparison.Ordinal))
        {
            Spread beyond = new(spread.Median - ping, spread.Low - ping, spread.High - ping, spread.Count);
            bool isHalf = name.StartsWith(Write, StringComparison.Ordinal);
            return new Figure
            {
                Name = name,
                Unit = "µs",
                Vm = spread,
                Measured = isHalf ? beyond : null,
                MeasuredUnit = "µs",
                Expected = isHalf ? new Expectation(LatencyBeyond, "µs") : null,
                Note = isHalf ? "half a round trip, beyond TCP's" : "a round trip",
            };
        }
        if (name.Contains(Rate, StringComparison.Ordinal))
            return new Figure { Name = name, Unit = "MiB/s", Vm = spread };
        return new Figure
        {
            Name = name,
            Unit = "MiB/s",
            Native = new Spread(stream, stream, stream, 1),
            Vm = spread,
            Measured = new Spread(stream / spread.Median, stream / spread.High, stream / spread.Low, spread.Count),
            Expected = new Expectation(BandwidthShare, "×"),
            Note = "native is iperf3",
        };
    }

    private static double Median(Dictionary<string, List<double>> rows, string name) =>
        rows.Where(row => row.Key.StartsWith(name, StringComparison.Ordinal)).Select(row => Spread.Of(row.Value).Median).FirstOrDefault(double.NaN);

    [GeneratedRegex(@"^(?<name>.*?) +(?<value>[0-9.]+) (us|MiB/s)")]
    private static partial Regex Row();

    /// <summary>The script's table.</summary>
    private static IEnumerable<(string Name, double Value)> Run(Bench bench, string script)
    {
        ProcessStartInfo start = new(script) { RedirectStandardOutput = true };
        start.Environment["WEFT"] = bench.Weft;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
            process.Kill(entireProcessTree: true);
        foreach (string line in output.Result.Split('\n'))
            if (Row().Match(line) is { Success: true } row)
                yield return (row.Groups["name"].Value, double.Parse(row.Groups["value"].Value, CultureInfo.InvariantCulture));
    }
}
