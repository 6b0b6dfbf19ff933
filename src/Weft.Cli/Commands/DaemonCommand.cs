using Weft.Vm.Daemon;

namespace Weft.Cli.Commands;

/// <summary>`weft daemon`: weftd, which stands beside this program and seldom in PATH, with the words that follow.</summary>
public static class DaemonCommand
{
    /// <summary>Becomes weftd.</summary>
    /// <exception cref="IOException">There is none; one line.</exception>
    public static int Run(IReadOnlyList<string> words)
    {
        DaemonStarter.Become(words);
        return ExitStatus.WeftFailed;
    }
}
