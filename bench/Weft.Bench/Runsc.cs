using System.Diagnostics;

namespace Weft.Bench;

/// <summary>gVisor's runsc on its ptrace platform, as the distribution packages it.</summary>
internal sealed class Runsc
{
    private readonly string[] _command;

    private Runsc(string[] command, string state)
    {
        _command = command;
        State = state;
    }

    /// <summary>Its version, or why it does not take part.</summary>
    internal string State { get; }

    /// <summary>Whether it runs programs here.</summary>
    internal bool IsThere => _command.Length > 0;

    /// <summary>A command line that runs another inside it.</summary>
    internal string[] Wrap(IEnumerable<string> command) => [.. _command, .. command];

    /// <summary>Tries it with a real program.</summary>
    internal static Runsc Find(string kernels)
    {
        string why = "";
        string[][] ways = [[], ["--rootless"]];
        foreach (string[] way in ways)
        {
            string[] command = ["runsc", .. way, "--platform=ptrace", "--network=none", "do"];
            try
            {
                using RoundServer server = new([.. command, kernels, "integer"]);
                server.Round(1000);
                return new Runsc(command, Version());
            }
            catch (BenchmarkException error)
            {
                why = $"takes no part: {error.Message}";
            }
        }
        return new Runsc([], why);
    }

    private static string Version()
    {
        using Process process = Process.Start(new ProcessStartInfo("runsc", "--version") { RedirectStandardOutput = true })!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text.Split('\n')[0] + ", ptrace platform";
    }
}
