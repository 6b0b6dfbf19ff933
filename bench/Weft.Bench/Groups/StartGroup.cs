using System.Diagnostics;
using System.Text.Json;

namespace Weft.Bench.Groups;

/// <summary>From the start of a program to its end, as someone who waits for it sees it.</summary>
internal sealed class StartGroup : IBenchmarkGroup
{
    /// <inheritdoc/>
    public string Name => "start";

    /// <inheritdoc/>
    public string Title => "Start-up, from nothing to the program's end";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench)
    {
        Figure toTrue = Launch(bench, "/bin/true", "", "/bin/true");
        toTrue = toTrue with { Measured = toTrue.Vm, MeasuredUnit = "ms", Expected = new Expectation(60, "ms"), Note = "./weft run -- /bin/true" };
        return
        [
            toTrue,
            FirstInstruction(bench),
            Launch(bench, "python3", "hello", "/usr/bin/python3", "-c", "print('hello')"),
            Launch(bench, "node", "hello", "node", "-e", "console.log('hello')"),
            Launch(bench, ".NET", "hello", "dotnet", Path.Combine(AppContext.BaseDirectory, "Weft.Bench.dll"), "hello"),
        ];
    }

    private static Figure Launch(Bench bench, string name, string expected, params string[] command)
    {
        string? program = Locate(command[0]);
        if (program is null)
            return new Figure { Name = name, Unit = "ms", Note = $"{command[0]} is not installed" };
        command = [program, .. command[1..]];
        string launch = bench.Tool("launch");
        List<Contestant> contestants =
        [
            new(Contestant.Native, [launch, expected, .. command]),
            new(Contestant.Vm, [launch, expected, Path.Combine(bench.Root, "weft"), "run", "--", .. command]),
        ];
        if (bench.Runsc.IsThere)
            contestants.Add(new Contestant(Contestant.GVisor, [launch, expected, .. bench.Runsc.Wrap(command)], IsGuest: true));
        return Comparison.Measure(bench, name, "ms", contestants, operations: 1, isWhole: true);
    }

    /// <summary>From the VM's creation to its first instruction, as --stats tells.</summary>
    private static Figure FirstInstruction(Bench bench)
    {
        const string name = "VM creation to first instruction";
        Console.Error.WriteLine($"bench: {name}");
        string file = Path.GetTempFileName();
        try
        {
            List<double> milliseconds = [];
            for (int run = 0; run <= bench.Sessions * bench.Rounds; run++)
            {
                using Process process = Process.Start(bench.Weft, ["run", "--stats", file, "--", "/bin/true"]);
                process.WaitForExit();
                if (process.ExitCode != 0)
                    return new Figure { Name = name, Unit = "ms", Error = $"weft: exit status {process.ExitCode}" };
                using JsonDocument report = JsonDocument.Parse(File.ReadAllText(file));
                // The first run only warms the page cache.
                if (run > 0)
                    milliseconds.Add(report.RootElement.GetProperty("time").GetProperty("firstInstructionNs").GetDouble() / 1e6);
            }
            Spread spread = Spread.Of(milliseconds);
            return new Figure { Name = name, Unit = "ms", Vm = spread, Measured = spread, MeasuredUnit = "ms", Expected = new Expectation(5, "ms"), Note = "from --stats" };
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string? Locate(string program) =>
        program.Contains('/') ? (File.Exists(program) ? program : null)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
