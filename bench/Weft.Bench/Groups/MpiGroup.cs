using System.Globalization;
using System.Text.Json;

namespace Weft.Bench.Groups;

/// <summary>An MPI job of two ranks, each in a VM, against the same job without VMs: latency, bandwidth, collectives, exits.</summary>
/// <param name="library">The library's name in the distribution's commands.</param>
/// <param name="title">As people call it.</param>
internal sealed class MpiGroup(string library, string title) : IBenchmarkGroup
{
    private const long LatencyMessages = 20_000, BandwidthBytes = 400L << 20, MostBandwidthMessages = 20_000, LeastOperations = 64;
    // Many short rounds: ranks that poll on all cores lose milliseconds to whatever else wants one, and the median must not see it.
    private const int RoundFactor = 2;
    private static readonly Expectation Latency = new(1.05, "×"), Bandwidth = new(1 / 0.95, "×");
    private static readonly int[] LatencySizes = [0, 8, 1024], BandwidthSizes = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];

    /// <inheritdoc/>
    public string Name => "mpi-" + library;

    /// <inheritdoc/>
    public string Title => $"{title}, two ranks";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench)
    {
        if (!File.Exists(bench.Tool("mpi-" + library)))
            return [new Figure { Name = title, Unit = "µs", Note = $"mpicc.{library} is not installed" }];
        List<Figure> latency = [.. LatencySizes.Select(size =>
            Compare(bench, $"latency, {Size(size)}", "latency", size, LatencyMessages, "µs") with { Expected = Latency })];
        List<Figure> bandwidth = [.. BandwidthSizes.Select(size => Compare(
            bench, $"message in a stream, {Size(size)}", "bandwidth", size, Math.Min(MostBandwidthMessages, BandwidthBytes / size), "µs")
            with { Expected = size >= 64 << 10 ? Bandwidth : null })];
        WritePlots(bench, latency, bandwidth);
        return
        [
            .. latency,
            .. bandwidth,
            Compare(bench, "message in a stream, 8 B", "rate", 8, 64 * 1000, "ns"),
            Compare(bench, "Allreduce, 8 B", "allreduce", 8, 20_000, "µs"),
            Compare(bench, "Allreduce, 8 KiB", "allreduce", 8 << 10, 4_000, "µs"),
            Compare(bench, "Allreduce, 64 KiB", "allreduce", 64 << 10, 1_000, "µs"),
            Compare(bench, "Alltoall, 8 B", "alltoall", 8, 20_000, "µs"),
            Compare(bench, "Alltoall, 8 KiB", "alltoall", 8 << 10, 4_000, "µs"),
            Compare(bench, "Alltoall, 64 KiB", "alltoall", 64 << 10, 1_000, "µs"),
            Compare(bench, "relaxation, 512 × 512", "relax", 0, 400, "µs") with { Expected = Expectation.NearNative },
            Exits(bench, "exits a message, 8 B", 8),
            Exits(bench, "exits a message, 64 KiB", 64 << 10),
        ];
    }

    private Figure Compare(Bench bench, string name, string kernel, int size, long operations, string unit) =>
        Comparison.Measure(bench, name, unit, [new Contestant(Contestant.Native, Job(bench, kernel, size)),
            new Contestant(Contestant.Vm, Job(bench, kernel, size, bench.Weft, "run", "--"))], Math.Max(LeastOperations, bench.Operations(operations)), roundFactor: RoundFactor);

    private string[] Job(Bench bench, string kernel, int size, params string[] before) =>
        [.. Launcher, "-n", "2", .. before, bench.Tool("mpi-" + library), kernel, size.ToString(CultureInfo.InvariantCulture)];

    private string[] Launcher => library == "openmpi" ? ["mpiexec.openmpi", "--allow-run-as-root", "--oversubscribe"] : ["mpiexec." + library];

    /// <summary>Exits that more messages cause: those of start and end are the same in a short and in a long run.</summary>
    private Figure Exits(Bench bench, string name, int size)
    {
        Console.Error.WriteLine($"bench: {name}");
        const long few = 2_000, many = 102_000;
        try
        {
            double more = CountExits(bench, size, many) - CountExits(bench, size, few);
            Spread spread = Spread.Of([Math.Max(0, more) / (many - few)]);
            return new Figure { Name = name, Unit = "exits", Vm = spread, Measured = spread, MeasuredUnit = "exits", Expected = new Expectation(0.01, "exits"), Note = "from --stats of one rank" };
        }
        catch (BenchmarkException error)
        {
            return new Figure { Name = name, Unit = "exits", Error = error.Message };
        }
    }

    private double CountExits(Bench bench, int size, long messages)
    {
        string file = Path.GetTempFileName();
        try
        {
            string[] program = [bench.Tool("mpi-" + library), "latency", size.ToString(CultureInfo.InvariantCulture)];
            string[] words = [.. Launcher, "-n", "1", bench.Weft, "run", "--stats=" + file, "--", .. program, ":", "-n", "1", bench.Weft, "run", "--", .. program];
            using (RoundServer server = new(words))
                server.Round(messages);
            using JsonDocument report = JsonDocument.Parse(File.ReadAllText(file));
            // Time passes too: a rank that polls is interrupted, whether there are messages or not.
            JsonElement exits = report.RootElement.GetProperty("exits");
            return exits.GetProperty("total").GetDouble() - exits.GetProperty("interrupted").GetDouble();
        }
        catch (Exception exception) when (exception is JsonException or IOException or KeyNotFoundException)
        {
            throw new BenchmarkException($"no statistics: {exception.Message}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private void WritePlots(Bench bench, List<Figure> latency, List<Figure> bandwidth)
    {
        List<Figure> latencies = [.. latency, .. bandwidth];
        int[] sizes = [.. LatencySizes, .. BandwidthSizes];
        double[] Values(Func<Figure, Spread?> of, Func<double, int, double> convert) =>
            [.. latencies.Select((figure, index) => of(figure) is { } spread ? convert(spread.Median, sizes[index]) : double.NaN)];
        double[] Time(Func<Figure, Spread?> of) => Values(of, static (microseconds, _) => microseconds);
        double[] Rate(Func<Figure, Spread?> of) => Values(of, static (microseconds, size) => size / microseconds);
        string folder = Path.Combine(bench.Root, "bench/results");
        Directory.CreateDirectory(folder);
        SvgPlot time = new($"{title}: time a message, two ranks on one host", "message size in bytes", "µs", sizes);
        time.Add("native", Time(figure => figure.Native));
        time.Add("a VM a rank", Time(figure => figure.Vm));
        File.WriteAllText(Path.Combine(folder, $"{Name}-time.svg"), time.Render());
        SvgPlot rate = new($"{title}: bandwidth, two ranks on one host", "message size in bytes", "MB/s", sizes);
        rate.Add("native", Rate(figure => figure.Native));
        rate.Add("a VM a rank", Rate(figure => figure.Vm));
        File.WriteAllText(Path.Combine(folder, $"{Name}-bandwidth.svg"), rate.Render());
    }

    private static string Size(int bytes) => bytes >= 1 << 20 ? $"{bytes >> 20} MiB" : bytes >= 1 << 10 ? $"{bytes >> 10} KiB" : $"{bytes} B";
}
