using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;
using Weft.Adapter;
using Weft.Host.Cluster;

namespace Weft.Host;

/// <summary>weftd's words.</summary>
public static class DaemonCommandLine
{
    private const int Failed = 125;

    private const string Examples = """
        weftd needs not be started by hand: 'weft run --adapter' does when none runs, one for each user.

        Examples:
          weftd --engine event --grace 600     in the background; ends ten minutes after its last VM
          weftd --foreground --verbose         in this terminal, telling what happens
          weftd --cluster etcd://10.0.0.1:2379 --listen 10.0.0.2 --tls-certificate me.pem --tls-key me.key --tls-authority ca.pem
                                               so that VMs reach those of other hosts
          weftd --stop                         ends the daemon that runs, unless VMs still use it
          curl --unix-socket "${XDG_RUNTIME_DIR:-/tmp}"/weft*/weftd.sock http://weftd/adapter

        Exit status: 0 when a daemon serves (or has ended, with --stop), 125 otherwise.
        """;

    /// <summary>Does what they say. Returns the status to exit with.</summary>
    public static int Invoke(string[] words)
    {
        try
        {
            ParseResult result = Create().Parse(words);
            if (result.Errors.Count == 0 || result.Action is HelpAction or ExamplesAction)
                return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
            Console.Error.WriteLine($"weftd: {result.Errors[0].Message.TrimEnd('.')}; see 'weftd --help'");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            Console.Error.WriteLine("weftd: " + exception.Message.ReplaceLineEndings(" "));
        }
        return Failed;
    }

    /// <summary>The command.</summary>
    public static RootCommand Create()
    {
        Option<string> engine = new("--engine")
        {
            Description = "When the adapter's engine polls: always (poll), only while there is work (event), or while that pays",
            HelpName = "poll|event|auto",
            DefaultValueFactory = _ => "auto",
        };
        engine.AcceptOnlyFromAmong("poll", "event", "auto");
        Option<int> threads = new("--engine-threads")
        {
            Description = "How many threads poll, each for VMs of its own: by default one, on hosts of eight cores and more one of four cores, four at most",
            HelpName = "N",
            DefaultValueFactory = _ => EngineOptions.DefaultThreads,
        };
        threads.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !(int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= EngineOptions.MostThreads))
                result.AddError($"--engine-threads: '{result.Tokens[0].Value}' is no number from 1 to {EngineOptions.MostThreads}");
        });
        Option<string> grace = new("--grace")
        {
            Description = "End so many seconds after the last VM, or 'never'",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => "60",
        };
        ClusterWords cluster = new();
        Option<bool> foreground = new("--foreground") { Description = "Stay in this terminal" };
        Option<bool> verbose = new("--verbose") { Description = "Log what happens, not only what goes wrong: to standard error with --foreground, else to weftd.log" };
        Option<bool> stop = new("--stop") { Description = "End the daemon that runs" };
        Option<bool> force = new("--force") { Description = "With --stop: even though VMs use it; their programs see the device fail" };
        Option<int> ready = new("--ready-descriptor") { Hidden = true, DefaultValueFactory = _ => -1 };
        RootCommand root = new("Serves this user's VMs: the RDMA adapter's engine, and an HTTP interface that tells what it does.")
        { engine, threads, grace, foreground, verbose, stop, force, ready };
        cluster.AddTo(root);
        foreach (Option option in root.Options)
            if (option is HelpOption help)
                help.Action = new ExamplesAction((HelpAction)help.Action!);
        root.SetAction(result =>
        {
            if (result.GetValue(stop))
                return DaemonStop.Run(result.GetValue(force));
            DaemonOptions options = new()
            {
                Engine = Enum.Parse<EngineMode>(result.GetRequiredValue(engine), true),
                EngineThreads = result.GetValue(threads),
                Grace = Seconds(result.GetRequiredValue(grace)),
                Cluster = cluster.Read(result),
                IsForeground = result.GetValue(foreground),
                IsVerbose = result.GetValue(verbose),
                ReadyDescriptor = result.GetValue(ready),
            };
            return options.IsForeground || options.ReadyDescriptor >= 0 ? Daemon.Run(options) : BackgroundStart.Run(words: result.Tokens.Select(token => token.Value));
        });
        return root;
    }

    private static TimeSpan? Seconds(string value) =>
        value == "never" ? null
        : double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds <= int.MaxValue / 1000
            ? TimeSpan.FromSeconds(seconds)
            : throw new IOException($"--grace: '{value}' is no number of seconds; give one, or 'never'");

    private sealed class ExamplesAction(HelpAction inner) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int status = inner.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.WriteLine(Examples);
            return status;
        }
    }
}
