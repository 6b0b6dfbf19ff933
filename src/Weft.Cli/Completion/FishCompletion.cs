using System.Text;

namespace Weft.Cli.Completion;

/// <summary>The completion script for fish, made from the option table.</summary>
public static class FishCompletion
{
    private const string Head = """
        # fish completion of weft; save it as ~/.config/fish/completions/weft.fish
        complete -c weft -f
        complete -c weft -n __fish_use_subcommand -a run -d 'Run a program in a VM'
        complete -c weft -n __fish_use_subcommand -a ps -d 'List running VMs'
        complete -c weft -n __fish_use_subcommand -a kill -d 'End VMs'
        complete -c weft -n __fish_use_subcommand -a pause -d 'Stop VMs for a while'
        complete -c weft -n __fish_use_subcommand -a resume -d 'Let paused VMs run on'
        complete -c weft -n __fish_use_subcommand -a adapter -d 'Show the RDMA adapter'
        complete -c weft -n __fish_use_subcommand -a daemon -d 'Run the adapter daemon'
        complete -c weft -n __fish_use_subcommand -a doctor -d 'Say what this machine offers'
        complete -c weft -n __fish_use_subcommand -a completion -d 'Print a completion script'
        complete -c weft -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
        complete -c weft -n '__fish_seen_subcommand_from adapter' -l queue-pairs -d 'List queue pairs'
        complete -c weft -n '__fish_seen_subcommand_from adapter' -l regions -d 'List memory regions'
        complete -c weft -n '__fish_seen_subcommand_from adapter' -l json -d 'Print JSON'
        complete -c weft -n '__fish_seen_subcommand_from adapter' -l watch -d 'Print anew every second'
        complete -c weft -n '__fish_seen_subcommand_from daemon' -l engine -x -a 'auto poll event' -d 'When the engine polls'
        complete -c weft -n '__fish_seen_subcommand_from daemon' -l engine-threads -x -d 'How many threads poll'
        complete -c weft -n '__fish_seen_subcommand_from daemon' -l grace -x -d 'Seconds to outlive the last VM'
        complete -c weft -n '__fish_seen_subcommand_from daemon' -l foreground -d 'Stay in this terminal'
        complete -c weft -n '__fish_seen_subcommand_from daemon' -l verbose -d 'Log what happens'
        complete -c weft -n '__fish_seen_subcommand_from daemon' -l stop -d 'End the daemon that runs'
        complete -c weft -n '__fish_seen_subcommand_from doctor' -l json -d 'Print JSON'
        complete -c weft -n '__fish_seen_subcommand_from ps' -l json -d 'Print JSON'
        complete -c weft -n '__fish_seen_subcommand_from kill' -l force -d 'Send SIGKILL'
        complete -c weft -n '__fish_seen_subcommand_from kill pause resume' -l group -x -d 'All VMs of this group'
        complete -c weft -n '__fish_seen_subcommand_from run' -a '(__fish_complete_subcommand)'

        """;

    /// <summary>The script.</summary>
    public static string Create()
    {
        StringBuilder script = new(Head);
        foreach (RunOption option in RunOptionTable.All)
            script.Append("complete -c weft -n '__fish_seen_subcommand_from run' -l ").Append(option.Name.AsSpan(2))
                .Append(Value(option)).Append(" -d '").Append(option.Description.Replace("'", "\\'")).Append("'\n");
        return script.ToString();
    }

    private static string Value(RunOption option) => option switch
    {
        { Value: null } or { ValueIsOptional: true } => "",
        { Choices.Count: > 0 } => $" -x -a '{string.Join(' ', option.Choices)}'",
        { Completes: ValueKind.Directory } => " -x -a '(__fish_complete_directories)'",
        { Completes: ValueKind.File } => " -r -F",
        _ => " -x",
    };
}
