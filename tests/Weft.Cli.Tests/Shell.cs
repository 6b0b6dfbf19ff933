using System.Diagnostics;

namespace Weft.Cli.Tests;

/// <summary>Runs programs for tests.</summary>
internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The command-line tool as it was built for this test.</summary>
    internal static string Weft { get; } = FindWeft();

    /// <summary>The daemon as it was built with it, or a path where nothing is.</summary>
    internal static string Daemon => new[] { Path.Combine(Path.GetDirectoryName(Weft)!, "weftd"), Weft.Replace("Weft.Cli", "Weft.Host") + "d" }
        .FirstOrDefault(File.Exists, "/nonexistent");

    /// <summary>The script at the root of the repository.</summary>
    internal static string Launcher { get; } = Path.Combine(Weft[..Weft.IndexOf("/artifacts/", StringComparison.Ordinal)], "weft");

    internal static (int Status, string Output, string Error) Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} does not end");
        }
        return (process.ExitCode, output.Result, error.Result);
    }

    internal static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));

    private static string FindWeft()
    {
        for (string? directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
            foreach (string flavour in new[] { "publish/Weft.Cli/release_linux-x64", "bin/Weft.Cli/release_linux-x64", "bin/Weft.Cli/debug_linux-x64" })
                if (Path.Combine(directory, "artifacts", flavour, "weft") is var path && File.Exists(path))
                    return path;
        throw new InvalidOperationException("weft is not built");
    }
}
