using Weft.Cli.Completion;

namespace Weft.Cli.Commands;

/// <summary>`weft completion`.</summary>
public static class CompletionCommand
{
    /// <summary>Prints the script of a shell.</summary>
    public static int Run(string shell)
    {
        Console.Out.Write(shell switch
        {
            "bash" => BashCompletion.Create(),
            "zsh" => ZshCompletion.Create(),
            _ => FishCompletion.Create(),
        });
        return ExitStatus.Success;
    }
}
