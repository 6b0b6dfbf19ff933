using System.Globalization;

namespace Weft.Bench.Groups.Rdma;

/// <summary>perftest's programs between two VMs of a host, over message size, and a plot of each kind.</summary>
internal sealed class PerftestGroup : IBenchmarkGroup
{
    private const int TypicalColumn = 4, MeanRateColumn = 3, MessagesColumn = 4, MiB = 1 << 20;
    private const string Send = "ib_send_lat", SendAsleep = "ib_send_lat -e", ReadAsleep = "ib_read_lat -e", Write = "ib_write_lat", Read = "ib_read_lat";
    private const string WriteStream = "ib_write_bw", ReadStream = "ib_read_bw", SendStream = "ib_send_bw";
    private const string OnePair = "ib_write_bw -s 64 -q 1", ManyPairs = "ib_write_bw -s 64 -q 64", OnePair8 = "ib_write_bw -s 8 -q 1", ManyPairs8 = "ib_write_bw -s 8 -q 64";
    private static readonly int[] LatencySizes = [8, 4 << 10, 64 << 10], StreamSizes = [4 << 10, 64 << 10, 1 << 20];
    private static readonly int[] AllSizes = [.. Enumerable.Range(1, 23).Select(power => 1 << power)];
    private static readonly Expectation Blocking = new(100, "µs");

    /// <inheritdoc/>
    public string Name => "rdma-perftest";

    /// <inheritdoc/>
    public string Title => "perftest between two VMs";

    /// <summary>Runs all tests in turns and writes the plots.</summary>
    public List<Figure> Measure(Bench bench)
    {
        if (!File.Exists("/usr/bin/ib_write_bw") || !File.Exists(bench.Tool("verbs")))
            return [new Figure { Name = Title, Unit = "µs", Note = "perftest or libibverbs-dev is not installed" }];
        const string iterations = "1000", some = "300";
        string stream = bench.IsQuick ? "1000" : "2000";
        using RdmaHost host = new(bench);
        PerftestSeries series = PerftestSeries.Measure(bench, host, host, "127.0.0.1",
        [
            new(Read, [Read, "-a", "-n", iterations], TypicalColumn),
            new(Write, [Write, "-a", "-n", some], TypicalColumn),
            new(Send, [Send, "-a", "-n", some], TypicalColumn),
            new(ReadAsleep, [Read, "-e", "-s", "8", "-n", iterations], TypicalColumn),
            new(SendAsleep, [Send, "-e", "-s", "8", "-n", iterations], TypicalColumn),
            new(WriteStream, [WriteStream, "-a", "-n", stream], MeanRateColumn),
            new(ReadStream, [ReadStream, "-a", "-n", stream], MeanRateColumn),
            new(SendStream, [SendStream, "-a", "-n", stream], MeanRateColumn),
            .. Rates(bench),
        ]);
        Dictionary<int, double> copies = Copies(bench);
        WritePlots(bench, series, copies);
        return
        [
            .. new[] { Read, Write, Send }.SelectMany(test => LatencySizes.Select(size => Latency(series, test, size, null))),
            Latency(series, ReadAsleep, 8, Blocking) with { Note = "post to completion, asleep on a channel; typical" },
            Latency(series, SendAsleep, 8, Blocking) with { Name = "ib_send_lat -e, 8 B, round trip", Note = "twice what it prints; six system calls of the two programs in it" },
            .. new[] { WriteStream, ReadStream, SendStream }.SelectMany(test => StreamSizes.Select(size => Stream(series, test, size, copies))),
            .. new[] { OnePair8, ManyPairs8, OnePair, ManyPairs }.Select(test => Rate(series, test)),
        ];
    }

    private static IEnumerable<PerftestSeries.Test> Rates(Bench bench)
    {
        string one = bench.Operations(400_000).ToString(CultureInfo.InvariantCulture), many = bench.Operations(40_000).ToString(CultureInfo.InvariantCulture);
        yield return new(OnePair8, [WriteStream, "-s", "8", "-n", one], MessagesColumn);
        yield return new(ManyPairs8, [WriteStream, "-s", "8", "-q", "64", "-n", many], MessagesColumn);
        yield return new(OnePair, [WriteStream, "-s", "64", "-n", one], MessagesColumn);
        yield return new(ManyPairs, [WriteStream, "-s", "64", "-q", "64", "-n", many], MessagesColumn);
    }

    private static Figure Latency(PerftestSeries series, string test, int size, Expectation? expected)
    {
        Spread? spread = series.Of(test, size)?.Times(test == SendAsleep ? 2 : 1);
        return new Figure
        {
            Name = $"{test}, {RdmaGroup.Size(size)}",
            Unit = "µs",
            Vm = spread,
            Measured = expected is null ? null : spread,
            MeasuredUnit = "µs",
            Expected = expected,
            Note = test == Read ? "post to completion, typical" : "half a round trip, typical; two polling programs and the engine",
            Error = spread is null ? series.Failure(test) ?? "no such row" : null,
        };
    }

    private static Figure Stream(PerftestSeries series, string test, int size, Dictionary<int, double> copies)
    {
        Spread? rate = series.Of(test, size);
        Spread? time = rate is null ? null : new Spread(Time(size, rate.Median), Time(size, rate.High), Time(size, rate.Low), rate.Count);
        return new Figure
        {
            Name = $"{test}, {RdmaGroup.Size(size)}",
            Unit = "µs",
            Native = new Spread(Time(size, copies[size]), Time(size, copies[size]), Time(size, copies[size]), 1),
            Vm = time,
            Measured = time?.Times(copies[size] / size * MiB / 1e6),
            Note = rate is null ? null : $"{rate.Median * MiB / 1e9:0.0} GB/s; native is one memcpy",
            Error = rate is null ? series.Failure(test) ?? "no such row" : null,
        };
    }

    private static Figure Rate(PerftestSeries series, string test)
    {
        Spread? rate = series.Of(test, test.Contains("64 -q", StringComparison.Ordinal) ? 64 : 8);
        return new Figure
        {
            Name = test,
            Unit = "ns",
            Vm = rate is null ? null : new Spread(1e3 / rate.Median, 1e3 / rate.High, 1e3 / rate.Low, rate.Count),
            Note = rate is null ? null : $"{rate.Median:0.0} million messages a second, two VMs",
            Error = rate is null ? series.Failure(test) ?? "no such row" : null,
        };
    }

    /// <summary>Microseconds a message at so many MiB a second.</summary>
    private static double Time(int bytes, double rate) => bytes / (rate * MiB) * 1e6;

    /// <summary>MiB a second of memcpy natively, by size.</summary>
    private static Dictionary<int, double> Copies(Bench bench)
    {
        const long bytesOfRound = 1L << 28, mostOperations = 1_000_000;
        Dictionary<int, double> rates = [];
        foreach (int size in AllSizes)
        {
            using RoundServer server = new([bench.Tool("verbs"), "copy", size.ToString(CultureInfo.InvariantCulture)]);
            Spread nanoseconds = Spread.Of(Enumerable.Range(0, 5).Select(_ => server.Round(Math.Min(mostOperations, bytesOfRound / size))));
            rates[size] = size / nanoseconds.Median * 1e9 / MiB;
        }
        return rates;
    }

    private static void WritePlots(Bench bench, PerftestSeries series, Dictionary<int, double> copies)
    {
        double[] Values(string test) => [.. AllSizes.Select(size => series.Of(test, size)?.Median ?? double.NaN)];
        string folder = Path.Combine(bench.Root, "bench/results");
        Directory.CreateDirectory(folder);
        SvgPlot time = new("perftest between two VMs: latency", "message size in bytes", "µs", AllSizes);
        foreach (string test in new[] { Read, Write, Send })
            time.Add(test, Values(test));
        File.WriteAllText(Path.Combine(folder, "rdma-time.svg"), time.Render());
        SvgPlot rate = new("perftest between two VMs: bandwidth", "message size in bytes", "MiB/s", AllSizes);
        foreach (string test in new[] { WriteStream, ReadStream, SendStream })
            rate.Add(test, Values(test));
        rate.Add("memcpy", [.. AllSizes.Select(size => copies[size])]);
        File.WriteAllText(Path.Combine(folder, "rdma-bandwidth.svg"), rate.Render());
    }
}
