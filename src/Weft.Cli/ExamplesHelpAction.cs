using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Weft.Cli;

/// <summary>The library's help, with examples behind it.</summary>
internal sealed class ExamplesHelpAction(HelpAction inner) : SynchronousCommandLineAction
{
    private const string Root = """
        Examples:
          weft run -- python3 -c 'print("hello")'
          weft run --adapter -- ib_write_bw
          weft doctor
          source <(weft completion bash)
        """;

    private const string Run = """
        Everything from the first word on that is no option belongs to the program. FILE of --trace and --stats is given with
        '=' (--trace=FILE), or as a word of its own where '--' ends the options.

        Examples:
          weft run ls -l
          weft run --memory 512M --vcpus 1 -- ./server --port 8080
          weft run --root /srv/debian --bind "$PWD:/work" --cwd /work -- /bin/sh build.sh
          weft run --read-only --network none --env HOME=/tmp -- ./untrusted
          weft run --adapter --name server -- ib_write_bw
          weft run --trace calls.txt --stats stats.json -- ./program

        Exit status: the program's own; 128+n when signal n ended it; 125 Weft failed, 126 not executable, 127 not found.
        """;

    private const string Completion = """
        Examples:
          source <(weft completion bash)
          weft completion zsh > "${fpath[1]}/_weft"
          weft completion fish > ~/.config/fish/completions/weft.fish
        """;

    private const string Adapter = """
        Rates are those of a quarter of a second, or of the last second with --watch. 'weft run --adapter' starts the adapter.

        Examples:
          weft adapter --watch
          weft adapter --queue-pairs
          weft adapter --json | jq .traffic

        """;

    private const string Doctor = """
        Exit status: 0 when 'weft run' can work here, 1 when it can't.

        Examples:
          weft doctor
          weft doctor --json
        """;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        using StringWriter help = new();
        parseResult.InvocationConfiguration.Output = help;
        int status = inner.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output = output;
        // The library puts options last, where they would be the program's.
        output.Write(help.ToString().Replace("run <PROGRAM> [<ARG>...] [options]", "run [options] [--] PROGRAM [ARG…]"));
        output.WriteLine(parseResult.CommandResult.Command.Name switch
        {
            "run" => Run,
            "completion" => Completion,
            "adapter" => Adapter,
            "doctor" => Doctor,
            _ => Root,
        });
        return status;
    }
}
