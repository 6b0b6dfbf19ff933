using System.Text;

namespace Weft.Cli.Completion;

/// <summary>The completion script for zsh, made from the option table.</summary>
public static class ZshCompletion
{
    /// <summary>The script.</summary>
    public static string Create()
    {
        StringBuilder options = new();
        foreach (RunOption option in RunOptionTable.All)
            options.Append("                ").Append(Specification(option)).Append(" \\\n");
        return Template.Replace("@OPTIONS@", options.ToString());
    }

    private static string Specification(RunOption option)
    {
        string description = option.Description.Replace("'", "'\\''").Replace("[", "\\[").Replace("]", "\\]").Replace(":", "\\:");
        string repeat = option.IsRepeatable ? "*" : "";
        if (option.Value is null)
            return $"'{repeat}{option.Name}[{description}]'";
        string action = option switch
        {
            { Choices.Count: > 0 } => $"({string.Join(' ', option.Choices)})",
            { Completes: ValueKind.Directory } => "_files -/",
            { Completes: ValueKind.File } => "_files",
            _ => " ",
        };
        string value = option.Value.Replace(":", "\\:").Replace("[", "").Replace("]", "");
        return option.ValueIsOptional
            ? $"'{repeat}{option.Name}=-[{description}]::{value}:{action}'"
            : $"'{repeat}{option.Name}=[{description}]:{value}:{action}'";
    }

    private const string Template = """
        #compdef weft
        # zsh completion of weft; put it into a directory of $fpath as _weft
        _weft() {
            if (( CURRENT == 2 )); then
                local -a commands=(
                    'run:run a program in a VM'
                    'ps:list running VMs'
                    'kill:end VMs'
                    'pause:stop VMs for a while'
                    'resume:let paused VMs run on'
                    'adapter:show the RDMA adapter'
                    'daemon:run the adapter daemon'
                    'doctor:say what this machine offers'
                    'completion:print a completion script')
                _describe command commands
                return
            fi
            local command=$words[2]
            shift words
            (( CURRENT-- ))
            case $command in
                run)
                    _arguments -S -A '-*' \
        @OPTIONS@                '(-)1:program:_command_names -e' '*::arguments:_normal' ;;
                ps) _arguments '--json[print JSON]' ;;
                kill) _arguments '--group=[all VMs of this group]:NAME: ' '--force[send SIGKILL]' '*:VM: ' ;;
                pause|resume) _arguments '--group=[all VMs of this group]:NAME: ' '*:VM: ' ;;
                adapter) _arguments '--queue-pairs[list queue pairs]' '--regions[list memory regions]' '--json[print JSON]' '--watch[print anew every second]' ;;
                daemon) _arguments '--engine=[when the engine polls]:engine:(auto poll event)' '--engine-threads=[how many threads poll]:number: ' '--grace=[seconds to outlive the last VM]:seconds: ' \
                    '--foreground[stay in this terminal]' '--verbose[log what happens]' '--stop[end the daemon that runs]' '--force[though VMs use it]' ;;
                doctor) _arguments '--json[print JSON]' ;;
                completion) _values shell bash zsh fish ;;
            esac
        }
        _weft "$@"

        """;
}
