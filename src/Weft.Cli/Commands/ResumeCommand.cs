using System.Globalization;
using Weft.Linux.Checkpoint;
using Weft.Native;
using Weft.Vm;

namespace Weft.Cli.Commands;

/// <summary>The word with which a VMM starts its successor or its child; not for people.</summary>
public static class ResumeCommand
{
    /// <summary>Stands before the descriptor of a state.</summary>
    public const string Word = StateFile.Option;

    /// <summary>Goes on with the program of a state; the process ends with its status.</summary>
    /// <exception cref="InvalidDataException">The descriptor holds no state.</exception>
    public static int Run(string descriptor)
    {
        if (!int.TryParse(descriptor, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            throw new UsageException($"{Word} is Weft's own; see 'weft --help'");
        // Started as /proc/self/exe, the process would be called "exe".
        HostProcess.Name("weft");
        new VirtualMachine(StateFile.Read(number)).Resume();
        return ExitStatus.WeftFailed;
    }
}
