namespace Weft.EndToEnd.Harness;

/// <summary>The environment that every run starts from, so that the tester's own doesn't decide results.</summary>
internal static class Surroundings
{
    /// <summary>Name and value of each variable.</summary>
    public static IReadOnlyDictionary<string, string> Variables { get; } = new Dictionary<string, string>
    {
        ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ["HOME"] = Directory.CreateDirectory(Path.Combine(Repository.Artifacts, "home")).FullName,
        ["LANG"] = "C.UTF-8",
        ["TZ"] = "UTC",
        ["TERM"] = "xterm",
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
    };

    /// <summary>The tester's own PATH and home, for compilers that people install for themselves.</summary>
    public static IReadOnlyDictionary<string, string> OfTester { get; } = new Dictionary<string, string>
    {
        ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? Variables["PATH"],
        ["HOME"] = Environment.GetEnvironmentVariable("HOME") ?? Variables["HOME"],
    };

    /// <summary>The file that a bare name stands for on that PATH, else on the tester's own, or null.</summary>
    public static string? Find(string program) =>
        program.Contains('/', StringComparison.Ordinal)
            ? (File.Exists(program) ? program : null)
            : $"{Variables["PATH"]}:{OfTester["PATH"]}".Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
