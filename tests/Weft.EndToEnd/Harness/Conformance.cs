using System.Diagnostics;

namespace Weft.EndToEnd.Harness;

/// <summary>The programs that <c>tests/conformance/build.sh</c> makes, built at discovery.</summary>
internal static class Conformance
{
    private static readonly string Output = Path.Combine(Repository.Artifacts, "conformance");
    private static readonly Lazy<(string[] Programs, string? Why)> Built = new(Build);

    /// <summary>"group/name" of each, in order.</summary>
    public static IReadOnlyList<string> Programs => Built.Value.Programs;

    /// <summary>Why there are none, or null.</summary>
    public static string? WhyNone => Built.Value.Why;

    /// <summary>The full path of one of them.</summary>
    public static string PathOf(string program) => Path.Combine(Output, program);

    private static (string[] Programs, string? Why) Build()
    {
        string script = Path.Combine(Repository.Root, "tests/conformance/build.sh");
        if (!File.Exists(script))
            return ([], "tests/conformance has no build.sh");
        // Runs at discovery, where only synchronous code can; its output goes where the tester sees it.
        using var build = Process.Start(script, [Output]);
        build.WaitForExit();
        if (build.ExitCode != 0)
            return ([], $"tests/conformance/build.sh ended with status {build.ExitCode}");
        string[] programs = [.. Directory.EnumerateFiles(Output, "*", SearchOption.AllDirectories)
            .Where(path => (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0)
            .Select(path => Path.GetRelativePath(Output, path))
            .Where(name => File.Exists(Path.Combine(Repository.Root, "tests/conformance", name + ".c")))
            .Order(StringComparer.Ordinal)];
        return programs.Length > 0 ? (programs, null) : (programs, "tests/conformance has no programs");
    }
}
