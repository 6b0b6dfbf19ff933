namespace Weft.Linux.Signals;

/// <summary>A process's signal handlers, and the signals that wait for any of its threads.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class ProcessSignals(Process process)
{
    /// <summary>Sends a signal to the process: some thread that doesn't block it takes it.</summary>
    public void Send(in SignalInfo info) => process.Kernel.End(128 + info.Number);

    /// <summary>The memory limit is reached: what a cgroup's would do, SIGKILL.</summary>
    public void KillForMemory() => process.Kernel.End(128 + SignalNumber.SIGKILL);
}
