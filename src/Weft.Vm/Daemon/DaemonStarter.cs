using System.Collections;
using Weft.Linux;
using Weft.Native;

namespace Weft.Vm.Daemon;

/// <summary>Starts weftd, the daemon beside this program's file.</summary>
public static class DaemonStarter
{
    /// <summary>Names another weftd than the one beside this program.</summary>
    public const string PathVariable = "WEFTD";

    private const int StandardError = 2;

    /// <summary>The daemon's file, whether it is there or not.</summary>
    public static string FilePath =>
        Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path ? path
        : Path.Combine(Path.GetDirectoryName(Environment.ProcessPath) ?? "/", "weftd");

    /// <summary>
    /// Runs "weftd ARGUMENTS" and waits for it: it ends as soon as the daemon serves, be it a new one or one that ran before. What
    /// it complains of goes to standard error.
    /// </summary>
    /// <exception cref="IOException">There is no such daemon, or it failed; one line.</exception>
    public static void Run(params IReadOnlyList<string> arguments)
    {
        string path = FilePath;
        if (!File.Exists(path))
            throw new IOException($"the adapter's daemon is missing: '{path}'; build it with build/publish.sh, or set {PathVariable} to its path");
        List<string> environment = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            environment.Add($"{variable.Key}={variable.Value}");
        int process = HostProcess.Start(path, ["weftd", .. arguments], environment, [-1, -1, StandardError], false);
        if (process < 0)
            throw new IOException($"'{path}' can't be started ({ErrorText.Of((Errno)(-process))}); build it anew with build/publish.sh");
        int status = HostProcess.Wait(process);
        if (status != 0)
            throw new IOException($"weftd did not start (status {status}); 'weftd --foreground --verbose' says why");
    }
}
