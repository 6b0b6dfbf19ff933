using System.Diagnostics;
using System.Globalization;

namespace Weft.Bench.Groups;

/// <summary>What a VM takes whose program sleeps: memory beside the program's own pages, and processor time.</summary>
internal sealed class IdleGroup : IBenchmarkGroup
{
    private const string MemoryName = "memory of the VM's process", ProcessorName = "processor time in 2 s";
    private const double Mebibyte = 1 << 20;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(1), Watch = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public string Name => "idle";

    /// <inheritdoc/>
    public string Title => "An idle VM";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench)
    {
        Console.Error.WriteLine("bench: idle VM");
        List<double> memory = [], guest = [], milliseconds = [];
        for (int run = 0; run < bench.Sessions; run++)
        {
            using Process process = Process.Start(
                new ProcessStartInfo(bench.Weft, ["run", "--", bench.Tool("kernels"), "idle"]) { RedirectStandardOutput = true })!;
            try
            {
                if (process.StandardOutput.ReadLine() != "ready")
                    return [new Figure { Name = MemoryName, Unit = "MiB", Error = "the idle program did not start" }];
                Thread.Sleep(Settle);
                double before = ProcessorMilliseconds(process.Id);
                Thread.Sleep(Watch);
                milliseconds.Add(ProcessorMilliseconds(process.Id) - before);
                (double guestBytes, double otherBytes) = Resident(process.Id);
                memory.Add(otherBytes / Mebibyte);
                guest.Add(guestBytes / Mebibyte);
            }
            finally
            {
                process.Kill();
                process.WaitForExit();
            }
        }
        Spread own = Spread.Of(memory), time = Spread.Of(milliseconds);
        return
        [
            new Figure
            {
                Name = MemoryName,
                Unit = "MiB",
                Vm = own,
                Measured = own,
                MeasuredUnit = "MiB",
                Expected = new Expectation(40, "MiB"),
                Note = $"resident, beside {Spread.Of(guest).Median:0.0} MiB of the program's own pages",
            },
            new Figure { Name = ProcessorName, Unit = "ms", Vm = time, Measured = time, MeasuredUnit = "ms", Expected = new Expectation(0, "ms"), Note = "counted in ticks of 10 ms" },
        ];
    }

    /// <summary>utime and stime. Source: proc_pid_stat(5), fields 14 and 15, in ticks of 10 ms.</summary>
    private static double ProcessorMilliseconds(int processId)
    {
        const double millisecondsPerTick = 10;
        string text = File.ReadAllText($"/proc/{processId}/stat");
        string[] afterName = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(afterName[11], CultureInfo.InvariantCulture) + double.Parse(afterName[12], CultureInfo.InvariantCulture)) * millisecondsPerTick;
    }

    /// <summary>
    /// Resident bytes of the guest's memory and of the rest. The guest's is told by its size: a run of adjacent
    /// mappings of a TiB or more, which nothing else in the process reserves.
    /// </summary>
    private static (double Guest, double Other) Resident(int processId)
    {
        const ulong guestReservation = 1UL << 40;
        double guest = 0, rest = 0, inRun = 0;
        ulong runStart = 0, runEnd = 0;
        void EndRun()
        {
            if (runEnd - runStart >= guestReservation)
                guest += inRun;
            else
                rest += inRun;
            inRun = 0;
        }
        foreach (string line in File.ReadLines($"/proc/{processId}/smaps"))
        {
            if (line.StartsWith("Rss:", StringComparison.Ordinal))
                inRun += double.Parse(line.AsSpan(4).Trim(" kB"), CultureInfo.InvariantCulture) * 1024;
            string[] range = line.Split(' ')[0].Split('-');
            if (range.Length != 2 || !ulong.TryParse(range[0], NumberStyles.HexNumber, null, out ulong start)
                || !ulong.TryParse(range[1], NumberStyles.HexNumber, null, out ulong end))
                continue;
            if (start != runEnd)
            {
                EndRun();
                runStart = start;
            }
            runEnd = end;
        }
        EndRun();
        return (guest, rest);
    }
}
