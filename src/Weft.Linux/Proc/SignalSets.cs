using Weft.Linux.Signals;

namespace Weft.Linux.Proc;

/// <summary>A task's signals as /proc shows them: bit n - 1 of a set is signal n.</summary>
/// <param name="Pending">Waiting for the thread.</param>
/// <param name="SharedPending">Waiting for the process.</param>
/// <param name="Blocked">The thread's mask.</param>
/// <param name="Ignored">Set to SIG_IGN.</param>
/// <param name="Caught">With a handler.</param>
/// <param name="Queued">Signals queued with their siginfo.</param>
internal readonly record struct SignalSets(ulong Pending, ulong SharedPending, ulong Blocked, ulong Ignored, ulong Caught, int Queued)
{
    /// <summary>What a task has now; parts are read one after the other.</summary>
    internal static SignalSets Of(TaskView view)
    {
        ulong ignored = 0, caught = 0;
        ProcessSignals process = view.Process.Signals;
        for (int signal = 1; signal <= SignalNumber.Highest; signal++)
        {
            ulong handler = process.GetAction(signal).Handler;
            if (handler == SignalAction.Ignore)
                ignored |= SignalSet.Of(signal).Bits;
            else if (handler != SignalAction.Default)
                caught |= SignalSet.Of(signal).Bits;
        }
        int queued = process.Pending.Count;
        foreach (GuestThread thread in view.Process.Threads)
            queued += thread.Signals.Pending.Count;
        ThreadSignals? own = view.Thread?.Signals;
        return new SignalSets(own?.Pending.Set.Bits ?? 0, process.Pending.Set.Bits, own?.Mask.Bits ?? 0, ignored, caught, queued);
    }
}
