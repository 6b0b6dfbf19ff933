using System.Text;

namespace Weft.Cli.Completion;

/// <summary>The completion script for bash, made from the option table.</summary>
public static class BashCompletion
{
    /// <summary>The script.</summary>
    public static string Create()
    {
        StringBuilder values = new();
        foreach (RunOption option in RunOptionTable.All)
            if (option.Value is not null && !option.ValueIsOptional)
                values.Append($"            {option.Name}) {Values(option)} return ;;\n");
        return Template.Replace("@OPTIONS@", string.Join(' ', RunOptionTable.All.Select(option => option.Name)))
            .Replace("@TAKING@", string.Join('|', RunOptionTable.All.Where(option => option.Value is not null && !option.ValueIsOptional).Select(option => option.Name)))
            .Replace("@VALUES@", values.ToString());
    }

    private static string Values(RunOption option) => option switch
    {
        { Choices.Count: > 0 } => $"COMPREPLY=($(compgen -W '{string.Join(' ', option.Choices)}' -- \"$word\"));",
        { Completes: ValueKind.Directory } => "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$word\"));",
        { Completes: ValueKind.File } => "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"));",
        _ => "COMPREPLY=();",
    };

    // A plain literal: its braces are the shell's.
    private const string Template = """
        # bash completion of weft; load it with: source <(weft completion bash)
        _weft() {
            local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} index
            COMPREPLY=()
            if (( COMP_CWORD == 1 )); then
                COMPREPLY=($(compgen -W 'run ps kill pause resume adapter daemon doctor completion --help --version' -- "$word"))
                return
            fi
            case ${COMP_WORDS[1]} in
                completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- "$word")); return ;;
                ps) COMPREPLY=($(compgen -W '--json --help' -- "$word")); return ;;
                kill) COMPREPLY=($(compgen -W '--group --force --help' -- "$word")); return ;;
                pause|resume) COMPREPLY=($(compgen -W '--group --help' -- "$word")); return ;;
                adapter) COMPREPLY=($(compgen -W '--queue-pairs --regions --json --watch --help' -- "$word")); return ;;
                daemon) COMPREPLY=($(compgen -W '--engine --engine-threads --grace --foreground --verbose --stop --force --help' -- "$word")); return ;;
                doctor) COMPREPLY=($(compgen -W '--json --help' -- "$word")); return ;;
                run) ;;
                *) return ;;
            esac
            for (( index = 2; index < COMP_CWORD; index++ )); do
                case ${COMP_WORDS[index]} in
                    --) (( index++ )); break ;;
                    @TAKING@) (( index++ )) ;;
                    -*|=) ;;
                    *) [[ ${COMP_WORDS[index-1]} == '=' ]] || break ;;
                esac
            done
            if (( index < COMP_CWORD )); then
                if declare -F _command_offset >/dev/null; then
                    _command_offset "$index"
                else
                    compopt -o filenames
                    COMPREPLY=($(compgen -f -- "$word"))
                fi
                return
            fi
            case $previous in
        @VALUES@    esac
            if [[ $word == -* ]]; then
                COMPREPLY=($(compgen -W '@OPTIONS@ --help' -- "$word"))
            else
                compopt -o filenames
                COMPREPLY=($(compgen -c -- "$word") $(compgen -f -- "$word"))
            fi
        }
        complete -F _weft weft ./weft

        """;
}
