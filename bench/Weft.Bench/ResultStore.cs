using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
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

    /// <summary>
    /// Writes bench/figures.json with what bench/results has of all groups, measured as thoroughly as this run, and when each was
    /// measured: a quiet quarter of an hour in one piece is hard to come by.
    /// </summary>
    internal void WriteFigures()
    {
        JsonObject groups = [], measured = [], whole = [];
        foreach (IBenchmarkGroup group in GroupCatalog.All)
        {
            string file = Path.Combine(bench.Root, "bench/results", group.Name + ".json");
            if (!File.Exists(file) || JsonNode.Parse(File.ReadAllText(file)) is not JsonObject part || (bool?)part["quick"] != bench.IsQuick)
                continue;
            measured[group.Name] = new JsonObject { ["at"] = part["measuredAt"]?.DeepClone(), ["commit"] = part["commit"]?.DeepClone(), ["load"] = part["load"]?.DeepClone() };
            groups[group.Name] = part["groups"]?[group.Name]?.DeepClone();
            foreach (string name in (string[])["quick", "sessions", "roundsPerSession", "processor", "processors", "kernel", "runsc"])
                whole[name] = part[name]?.DeepClone();
        }
        whole["measured"] = measured;
        whole["groups"] = groups;
        File.WriteAllText(Path.Combine(bench.Root, "bench/figures.json"), whole.ToJsonString(Format) + "\n");
    }

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
