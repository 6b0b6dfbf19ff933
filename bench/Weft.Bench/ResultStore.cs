using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Weft.Bench.Groups;

namespace Weft.Bench;

/// <summary>Writes results as JSON, with what is needed to judge them.</summary>
internal sealed class ResultStore(Bench bench)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Dictionary<string, List<Figure>> _groups = [];

    /// <summary>All figures so far.</summary>
    internal IEnumerable<Figure> All => _groups.Values.SelectMany(figures => figures);

    /// <summary>Writes bench/results/GROUP.json.</summary>
    internal void Write(IBenchmarkGroup group, List<Figure> figures)
    {
        _groups[group.Name] = figures;
        string folder = Path.Combine(bench.Root, "bench/results");
        Directory.CreateDirectory(folder);
        Save(Path.Combine(folder, group.Name + ".json"), new() { [group.Name] = figures });
    }

    /// <summary>Writes bench/figures.json with all groups of this run.</summary>
    internal void WriteFigures() => Save(Path.Combine(bench.Root, "bench/figures.json"), _groups);

    private void Save(string path, Dictionary<string, List<Figure>> groups)
    {
        var content = new
        {
            MeasuredAt = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
            Commit = Output("git", "-C", bench.Root, "describe", "--always", "--dirty", "--exclude=*"),
            Quick = bench.IsQuick,
            Sessions = bench.Sessions,
            RoundsPerSession = bench.Rounds,
            Load = File.ReadAllText("/proc/loadavg").Split(' ')[0],
            Processor = Processor(),
            Processors = Environment.ProcessorCount,
            Kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            Runsc = bench.Runsc.State,
            Groups = groups,
        };
        File.WriteAllText(path, JsonSerializer.Serialize(content, Format) + "\n");
    }

    /// <summary>The processor's name as Linux tells it.</summary>
    internal static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";

    private static string Output(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            string text = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return text;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
