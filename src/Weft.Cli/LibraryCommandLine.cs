using System.CommandLine;
using System.CommandLine.Help;
using Weft.Cli.Commands;

namespace Weft.Cli;

/// <summary>The command line as System.CommandLine knows it: help, suggestions, version and the commands that may start slowly.</summary>
public static class LibraryCommandLine
{
    /// <summary>Parses and does it.</summary>
    public static int Invoke(string[] words)
    {
        ParseResult result = Create().Parse(words);
        if (result.Errors.Count > 0 && result.Action is not HelpAction and not ExamplesHelpAction)
        {
            string message = result.Errors[0].Message;
            throw new UsageException($"{char.ToLowerInvariant(message[0])}{message.AsSpan(1).TrimEnd('.')}; see 'weft --help'");
        }
        return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    /// <summary>The whole tree of commands.</summary>
    public static RootCommand Create()
    {
        RootCommand root = new("Runs unmodified Linux programs, each in a KVM virtual machine of its own, without a guest kernel.")
        {
            CreateRun(),
            CreatePs(),
            CreateSignal("kill", "End VMs: SIGTERM, or SIGKILL with --force.", SignalCommand.Terminate),
            CreateSignal("pause", "Stop VMs (SIGSTOP) until 'weft resume'.", SignalCommand.Stop),
            CreateSignal("resume", "Let paused VMs run on (SIGCONT).", SignalCommand.Continue),
            CreateAdapter(),
            CreateDaemon(),
            CreateDoctor(),
            CreateCompletion(),
        };
        root.SetAction(_ => Invoke(["--help"]));
        foreach (Option option in root.Options)
            if (option is HelpOption help)
                help.Action = new ExamplesHelpAction((HelpAction)help.Action!);
        return root;
    }

    /// <summary>`run`, made from the same table as the parser by hand.</summary>
    public static Command CreateRun()
    {
        Command run = new("run", "Run a program in a VM. Its output, files, signals and exit status are what they would be outside.");
        foreach (RunOption option in RunOptionTable.All)
            run.Options.Add(CreateOption(option));
        run.Arguments.Add(new Argument<string>("PROGRAM") { Description = "A path, or a name that is looked up in PATH" });
        run.Arguments.Add(new Argument<string[]>("ARG") { Description = "The program's arguments", Arity = ArgumentArity.ZeroOrMore });
        // Reached through an option of the root only: CommandLine.Invoke takes "run" before.
        run.SetAction(int (_) => throw new UsageException("options stand behind 'run': weft run [options] -- PROGRAM [ARG…]"));
        return run;
    }

    private static Option CreateOption(RunOption option)
    {
        if (option.Value is null)
            return new Option<bool>(option.Name) { Description = option.Description };
        if (option.IsRepeatable)
            return new Option<string[]>(option.Name) { Description = option.Description, HelpName = option.Value };
        Option<string> made = new(option.Name)
        {
            Description = option.Description,
            HelpName = option.Value,
            Arity = option.ValueIsOptional ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        if (option.Choices.Count > 0)
            made.AcceptOnlyFromAmong([.. option.Choices]);
        return made;
    }

    private static Command CreatePs()
    {
        Option<bool> json = new("--json") { Description = "Print JSON" };
        Command ps = new("ps", "List this user's running VMs: names, groups, memory, and who shares memory with whom.") { json };
        ps.SetAction(result => PsCommand.Run(result.GetValue(json)));
        return ps;
    }

    private static Command CreateSignal(string name, string description, int signal)
    {
        Argument<string[]> targets = new("VM") { Description = "Names or process ids", Arity = ArgumentArity.ZeroOrMore };
        Option<string> group = new("--group") { Description = "All VMs of this group", HelpName = "NAME" };
        Option<bool> force = new("--force") { Description = "Send SIGKILL, which no program can handle" };
        Command command = new(name, description) { targets, group };
        if (signal == SignalCommand.Terminate)
            command.Options.Add(force);
        command.SetAction(result => SignalCommand.Run(result.GetValue(targets) ?? [], result.GetValue(group),
            signal == SignalCommand.Terminate && result.GetValue(force) ? SignalCommand.Kill : signal));
        return command;
    }

    private static Command CreateAdapter()
    {
        Option<bool> pairs = new("--queue-pairs") { Description = "A line for each queue pair instead of each VM" };
        Option<bool> regions = new("--regions") { Description = "A line for each memory region" };
        Option<bool> json = new("--json") { Description = "Print JSON" };
        Option<bool> watch = new("--watch") { Description = "Print anew every second until interrupted" };
        Command adapter = new("adapter", "Show the RDMA adapter: its engine, VMs, queue pairs, regions, rates and errors.") { pairs, regions, json, watch };
        adapter.SetAction(result => AdapterCommand.Run(
            result.GetValue(pairs) ? AdapterView.QueuePairs : result.GetValue(regions) ? AdapterView.Regions : AdapterView.Vms,
            result.GetValue(json), result.GetValue(watch)));
        return adapter;
    }

    private static Command CreateDaemon()
    {
        Command daemon = new("daemon", "Run weftd, the adapter's daemon, with the options that follow; 'weft daemon --help' lists them.");
        daemon.Arguments.Add(new Argument<string[]>("OPTION") { Description = "weftd's options", Arity = ArgumentArity.ZeroOrMore });
        // Reached through an option of the root only: CommandLine.Invoke takes "daemon" before.
        daemon.SetAction(int (_) => throw new UsageException("options stand behind 'daemon': weft daemon [options]"));
        return daemon;
    }

    private static Command CreateDoctor()
    {
        Option<bool> json = new("--json") { Description = "Print JSON" };
        Command doctor = new("doctor", "Say what this machine offers, what Weft does without the rest, and how to get it.") { json };
        doctor.SetAction(result => DoctorCommand.Run(result.GetValue(json)));
        return doctor;
    }

    private static Command CreateCompletion()
    {
        Argument<string> shell = new("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        Command completion = new("completion", "Print a script that completes Weft's commands in a shell.") { shell };
        completion.SetAction(result => CompletionCommand.Run(result.GetRequiredValue(shell)));
        return completion;
    }
}
