using Weft.Linux.Signals;

namespace Weft.Linux;

/// <summary>Sees every system call and signal; a test seam, and how --trace is printed. Costs nothing when there is none.</summary>
/// <remarks>Called on the host thread that runs the handler: the guest thread's own, or the attendant's.</remarks>
public interface ISystemCallObserver
{
    /// <summary>A call arrived. It may never be answered (exit_group), or come again by another way when the attendant declines it.</summary>
    void Entering(GuestThread thread, ulong number, in SyscallArguments arguments)
    {
    }

    /// <summary>A call was answered.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="number">The call's number.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="result">What it returned.</param>
    /// <param name="times">The way it took, and its time.</param>
    void Answered(GuestThread thread, ulong number, in SyscallArguments arguments, SyscallResult result, in CallTimes times);

    /// <summary>A signal reaches a thread: a handler begins, or the default action.</summary>
    void SignalDelivered(GuestThread thread, in SignalInfo info)
    {
    }
}
