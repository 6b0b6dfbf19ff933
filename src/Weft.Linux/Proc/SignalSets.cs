namespace Weft.Linux.Proc;

/// <summary>A task's signal sets: bit n - 1 is signal n.</summary>
/// <param name="Pending">Waiting for the thread.</param>
/// <param name="SharedPending">Waiting for the process.</param>
/// <param name="Blocked">The thread's mask.</param>
/// <param name="Ignored">Set to SIG_IGN.</param>
/// <param name="Caught">With a handler.</param>
internal readonly record struct SignalSets(ulong Pending, ulong SharedPending, ulong Blocked, ulong Ignored, ulong Caught)
{
    /// <summary>The sets of a task now.</summary>
    internal static SignalSets Of(TaskView view) => default;
}
