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
        string path = FindFile();
        int process = HostProcess.Start(path, ["weftd", .. arguments], EnvironmentWords(), [-1, -1, StandardError], false);
        if (process < 0)
            throw CannotStart(path, process);
        int status = HostProcess.Wait(process);
        if (status != 0)
            throw new IOException($"weftd did not start (status {status}); 'weft daemon --foreground --verbose' says why");
    }

    /// <summary>Runs "weftd ARGUMENTS" in the place of this process; returns never.</summary>
    /// <exception cref="IOException">There is no such daemon; one line.</exception>
    public static void Become(IReadOnlyList<string> arguments)
    {
        string path = FindFile();
        throw CannotStart(path, HostProcess.Become(path, ["weftd", .. arguments], EnvironmentWords()));
    }

    /// <summary>This process's environment, "NAME=value" each.</summary>
    public static List<string> EnvironmentWords()
    {
        List<string> words = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            words.Add($"{variable.Key}={variable.Value}");
        return words;
    }

    private static string FindFile() => File.Exists(FilePath) ? FilePath
        : throw new IOException($"the adapter's daemon is missing: '{FilePath}'; build it with build/publish.sh, or set {PathVariable} to its path");

    private static IOException CannotStart(string path, int result) =>
        new($"'{path}' can't be started ({ErrorText.Of((Errno)(-result))}); build it anew with build/publish.sh");
}
