namespace Weft.Linux;

/// <summary>Sees every system call; a test seam, and how --trace is printed.</summary>
public interface ISystemCallObserver
{
    /// <summary>A call was answered. Called on the thread that ran the handler.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="number">The call's number.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="result">What it returned.</param>
    /// <param name="way">The way it took.</param>
    /// <param name="handlerTicks">Time in the handler, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</param>
    void Answered(GuestThread thread, ulong number, in SyscallArguments arguments, SyscallResult result, CallWays way, long handlerTicks);
}
