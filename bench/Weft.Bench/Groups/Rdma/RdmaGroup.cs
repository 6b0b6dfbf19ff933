using System.Globalization;

namespace Weft.Bench.Groups.Rdma;

/// <summary>
/// The adapter on one host: what a request costs a program in a VM (kernel <c>verbs</c>, which sends to itself through the
/// engine), and the daemon when idle. There is no device to compare with: beside bandwidth stands memcpy.
/// </summary>
internal sealed class RdmaGroup : IBenchmarkGroup
{
    private const string Plain = "plain", Crowd = "beside 1000", Copy = "memcpy", Stream = "stream";
    private const int LeastShareSize = 64 << 10;
    private const double MemcpyShare = 1 / 0.8, IdlePairsShare = 1.2;
    private static readonly Expectation Latency = new(1, "µs"), Blocking = new(100, "µs"), Message = new(1000.0 / 3, "ns");
    private static readonly int[] StreamSizes = [4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
    private static readonly int[] RegionSizes = [4 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20, 1 << 30];

    /// <inheritdoc/>
    public string Name => "rdma";

    /// <inheritdoc/>
    public string Title => "RDMA on one host";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench)
    {
        if (!File.Exists(bench.Tool("verbs")))
            return [new Figure { Name = Title, Unit = "µs", Note = "libibverbs-dev is not installed" }];
        using RdmaHost host = new(bench), crowded = new(bench);
        List<Figure> streams = [.. StreamSizes.Select(size => StreamOf(bench, host, size))];
        return
        [
            .. Latencies(bench, host),
            IdlePairs(bench, host, crowded),
            One(bench, host, "8 B write, asleep on a channel", "µs", 2_000, Blocking, "block", "8"),
            One(bench, host, "8 B write to an engine asleep", "µs", 25, null, "asleep", "8"),
            .. Rates(bench, host),
            .. streams,
            .. RegionSizes.Select(size => One(bench, host, $"registration, {Size(size)}", "µs", 200, null, "register", Number(size))),
            .. IdleDaemon.Measure(bench),
        ];
    }

    private static Contestant InVm(Bench bench, RdmaHost host, string name, params string[] words) => new(name, host.InVm([bench.Tool("verbs"), .. words]));

    private static List<Figure> Latencies(Bench bench, RdmaHost host)
    {
        Console.Error.WriteLine("bench: post to completion");
        const string write = "write", read = "read";
        return Guard("8 B, post to completion", "µs", () =>
        {
            Rounds rounds = Rounds.Measure(bench, [InVm(bench, host, write, write, "8"), InVm(bench, host, read, read, "8")], bench.Operations(40_000), isWhole: false);
            return [Value("8 B write, post to completion", "µs", rounds.Of(write)!.Times(1e-3), Latency), Value("8 B read, post to completion", "µs", rounds.Of(read)!.Times(1e-3), Latency)];
        });
    }

    private static Figure IdlePairs(Bench bench, RdmaHost host, RdmaHost crowded)
    {
        const string name = "8 B write beside 1000 idle queue pairs";
        Console.Error.WriteLine($"bench: {name}");
        return Guard(name, "µs", () =>
        {
            Rounds rounds = Rounds.Measure(bench, [InVm(bench, host, Plain, "write", "8"), InVm(bench, crowded, Crowd, "write", "8", "1001")], bench.Operations(40_000), isWhole: false);
            return [new Figure
            {
                Name = name,
                Unit = "µs",
                Vm = rounds.Of(Crowd)!.Times(1e-3),
                Measured = rounds.Ratio(Crowd, Plain),
                Expected = new Expectation(IdlePairsShare, "×"),
                Note = "against the same without them",
            }];
        })[0];
    }

    private static List<Figure> Rates(Bench bench, RdmaHost host)
    {
        Console.Error.WriteLine("bench: message rate");
        return Guard("message in a stream", "ns", () =>
        {
            (string Name, string Bytes, string Pairs)[] all = [("8 B, 1 queue pair", "8", "1"), ("8 B, 64 queue pairs", "8", "64"), ("64 B, 1 queue pair", "64", "1"), ("64 B, 64 queue pairs", "64", "64")];
            Rounds rounds = Rounds.Measure(bench, [.. all.Select(one => InVm(bench, host, one.Name, "rate", one.Bytes, one.Pairs))], bench.Operations(800_000), isWhole: false);
            return [.. all.Select(one => Value($"message in a stream, {one.Name}", "ns", rounds.Of(one.Name)!, Message) with
            {
                Note = $"{1e3 / rounds.Of(one.Name)!.Median:0.0} million a second",
            })];
        });
    }

    /// <summary>A stream of writes against memcpy of the same size between buffers that stay the same, natively.</summary>
    private static Figure StreamOf(Bench bench, RdmaHost host, int size)
    {
        string name = $"write in a stream, {Size(size)}";
        Console.Error.WriteLine($"bench: {name}");
        const long bytesOfRound = 1L << 30;
        return Guard(name, "µs", () =>
        {
            Rounds rounds = Rounds.Measure(bench, [new Contestant(Copy, [bench.Tool("verbs"), "copy", Number(size)]), InVm(bench, host, Stream, "stream", Number(size))],
                bench.Operations(bytesOfRound / size), isWhole: false);
            return [new Figure
            {
                Name = name,
                Unit = "µs",
                Native = rounds.Of(Copy)!.Times(1e-3),
                Vm = rounds.Of(Stream)!.Times(1e-3),
                Measured = rounds.Ratio(Stream, Copy),
                Expected = size >= LeastShareSize ? new Expectation(MemcpyShare, "×") : null,
                Note = $"{size / rounds.Of(Stream)!.Median:0.0} GB/s; native is one memcpy",
            }];
        })[0];
    }

    private static Figure One(Bench bench, RdmaHost host, string name, string unit, long operations, Expectation? expected, params string[] words)
    {
        Console.Error.WriteLine($"bench: {name}");
        return Guard(name, unit, () => [Value(name, unit,
            Rounds.Measure(bench, [InVm(bench, host, name, words)], bench.Operations(operations), isWhole: false).Of(name)!.Times(1e-3), expected)])[0];
    }

    private static Figure Value(string name, string unit, Spread spread, Expectation? expected) =>
        new() { Name = name, Unit = unit, Vm = spread, Measured = expected is null ? null : spread, MeasuredUnit = unit, Expected = expected };

    private static List<Figure> Guard(string name, string unit, Func<List<Figure>> measure)
    {
        try
        {
            return measure();
        }
        catch (BenchmarkException error)
        {
            return [new Figure { Name = name, Unit = unit, Error = error.Message }];
        }
    }

    /// <summary>Bytes as people write them.</summary>
    internal static string Size(int bytes) => bytes >= 1 << 30 ? $"{bytes >> 30} GiB" : bytes >= 1 << 20 ? $"{bytes >> 20} MiB" : bytes >= 1 << 10 ? $"{bytes >> 10} KiB" : $"{bytes} B";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
