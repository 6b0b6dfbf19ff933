using Weft.Vm;
using Weft.Vm.Daemon;

namespace Weft.Host;

/// <summary>`weftd --stop`.</summary>
internal static class DaemonStop
{
    private const int Failed = 125, PatienceMs = 10_000, StepMs = 10;

    /// <summary>Ends the daemon and waits until it is gone. Returns the status to exit with.</summary>
    internal static int Run(bool inAnyCase)
    {
        if (!DaemonClient.Open().TryStop(inAnyCase))
            return 0;
        string directory = RuntimeDirectory.Open();
        using ManualResetEventSlim never = new();
        for (int waitedMs = 0; waitedMs < PatienceMs; waitedMs += StepMs)
        {
            using (DaemonLock? free = DaemonLock.TryTake(directory))
                if (free is not null)
                    return 0;
            never.Wait(StepMs);
        }
        Console.Error.WriteLine($"weftd: the daemon does not end; its process id is in '{Path.Combine(directory, DaemonFiles.Lock)}'");
        return Failed;
    }
}
