using System.Globalization;

namespace Weft.Bench.Groups.Rdma;

/// <summary>What the daemon takes while a VM has the device open and its program sleeps.</summary>
internal static class IdleDaemon
{
    private const double MostShare = 1, MostMemory = 60;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1), Watch = TimeSpan.FromSeconds(4);

    /// <summary>Processor time and memory.</summary>
    internal static List<Figure> Measure(Bench bench)
    {
        const string processor = "idle daemon: share of a core", memory = "idle daemon: memory";
        Console.Error.WriteLine("bench: idle daemon");
        List<double> shares = [], mebibytes = [];
        try
        {
            for (int session = 0; session < bench.Sessions; session++)
            {
                using RdmaHost host = new(bench);
                using RoundServer program = new(host.InVm(bench.Tool("verbs"), "write", "8"));
                program.Round(1000);
                int daemon = host.DaemonId;
                Thread.Sleep(Settle);
                long before = ProcessorNs(daemon);
                Thread.Sleep(Watch);
                shares.Add((ProcessorNs(daemon) - before) / Watch.TotalNanoseconds * 100);
                mebibytes.Add(OwnMebibytes(daemon));
            }
        }
        catch (Exception error) when (error is BenchmarkException or IOException)
        {
            return [new Figure { Name = processor, Unit = "%", Error = error.Message }];
        }
        Spread share = Spread.Of(shares), resident = Spread.Of(mebibytes);
        return
        [
            new Figure { Name = processor, Unit = "%", Vm = share, Measured = share, MeasuredUnit = "%", Expected = new Expectation(MostShare, "%"), Note = "one VM has the device open" },
            new Figure { Name = memory, Unit = "MiB", Vm = resident, Measured = resident, MeasuredUnit = "MiB", Expected = new Expectation(MostMemory, "MiB"), Note = "resident, less VMs' memory that it maps" },
        ];
    }

    /// <summary>Of all threads. Source: Documentation/scheduler/sched-stats.rst.</summary>
    private static long ProcessorNs(int process) => Directory.EnumerateDirectories($"/proc/{process}/task")
        .Sum(task => long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>What is neither shared memory nor anybody else's.</summary>
    private static double OwnMebibytes(int process)
    {
        const double kibibytes = 1024;
        double all = 0, shared = 0;
        foreach (string line in File.ReadLines($"/proc/{process}/status"))
        {
            string[] words = line.Split((char[])[' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries);
            if (words[0] == "VmRSS")
                all = double.Parse(words[1], CultureInfo.InvariantCulture);
            else if (words[0] == "RssShmem")
                shared = double.Parse(words[1], CultureInfo.InvariantCulture);
        }
        return (all - shared) / kibibytes;
    }
}
