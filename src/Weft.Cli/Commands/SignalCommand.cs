using Weft.Vm;
using Weft.Vm.Registry;

namespace Weft.Cli.Commands;

/// <summary>`weft kill`, `weft pause` and `weft resume`: signals to VMs by name, process id or group.</summary>
public static class SignalCommand
{
    /// <summary>SIGKILL, SIGTERM, SIGCONT and SIGSTOP. Source: signal(7).</summary>
    public const int Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    /// <summary>Sends a signal to all that are named.</summary>
    /// <param name="targets">Names and process ids.</param>
    /// <param name="group">A group's name, or null.</param>
    /// <param name="signal">The signal's number.</param>
    public static int Run(IReadOnlyList<string> targets, string? group, int signal)
    {
        if (targets.Count == 0 && group is null)
            throw new UsageException("say which VMs: names or process ids as 'weft ps' shows them, or --group NAME");
        string directory = VmRegister.DirectoryIn(RuntimeDirectory.Path);
        IReadOnlyList<VmRecord> running = VmRegister.List(directory);
        List<VmRecord> chosen = [.. targets.Select(target => VmSignal.Find(running, target))];
        if (group is not null)
            chosen.AddRange(VmSignal.FindGroup(running, group));
        foreach (VmRecord record in chosen.DistinctBy(record => record.ProcessId))
            VmSignal.TrySend(directory, record, signal);
        return ExitStatus.Success;
    }
}
