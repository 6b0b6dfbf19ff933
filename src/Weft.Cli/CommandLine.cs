using Weft.Cli.Commands;

namespace Weft.Cli;

/// <summary>The way from the words to a command. `run` and `daemon` are told apart by hand; all else goes through System.CommandLine.</summary>
public static class CommandLine
{
    /// <summary>Does what the words say. Returns the status to exit with.</summary>
    public static int Invoke(string[] words)
    {
        if (words is ["daemon", .. var daemonWords])
            return DaemonCommand.Run(daemonWords);
        if (words is [ResumeCommand.Word, var descriptor, ..])
            return ResumeCommand.Run(descriptor);
        if (words is not ["run", ..])
            return LibraryCommandLine.Invoke(words);
        IReadOnlyList<byte[]> raw = RawProcess.Arguments(words.Length);
        RunLine line = RunLineParser.Parse([.. raw.Skip(1)]);
        return line.AsksForHelp ? LibraryCommandLine.Invoke(["run", "--help"]) : RunCommand.Run(RunOptionReader.Read(line));
    }
}
