namespace Weft.Linux.Signals;

/// <summary>A thread's signal mask, alternate stack and waiting signals.</summary>
/// <remarks><see cref="Send"/> is thread-safe; all else belongs to the thread.</remarks>
public sealed class ThreadSignals(GuestThread thread)
{
    /// <summary>Whether a signal waits that the mask lets through and that is not ignored. Cheap: no lock.</summary>
    public bool HasDeliverable => false;

    /// <summary>Whether a call replaced the mask until it returns (ppoll, sigsuspend).</summary>
    public bool HasTemporaryMask => false;

    /// <summary>Replaces the mask until the running call returns, or until its signal's handler does.</summary>
    public void SetTemporaryMask(ulong mask)
    {
        _ = mask;
    }

    /// <summary>Sends a signal to this thread.</summary>
    public void Send(in SignalInfo info) => thread.Process.Signals.Send(info);

    /// <summary>A new thread starts with its parent's mask, no alternate stack and nothing waiting.</summary>
    internal void InheritFrom(ThreadSignals parent)
    {
    }

    /// <summary>Delivers what waits: enters a handler, or does the default action. Called by the thread between instructions.</summary>
    public void DeliverPending()
    {
    }

    /// <summary>
    /// Ends a system call whose result is <see cref="SyscallResult.Restart"/>, or that had a temporary mask: delivers
    /// the signal with RAX and RIP set for a restart or EINTR as its handler's SA_RESTART asks.
    /// </summary>
    public void FinishInterruptedCall(ulong number, SyscallResult result)
    {
        const ulong syscallInstructionBytes = 2;
        if (result.IsRestart)
        {
            thread.Registers.Rax = number;
            thread.Registers.Rip -= syscallInstructionBytes;
        }
        else
            thread.Registers.Rax = (ulong)result.Value;
        thread.Vcpu.RegistersChanged();
    }

    /// <summary>Raises a synchronous fault: enters its handler now, or kills the process when it is blocked or ignored.</summary>
    /// <param name="info">The siginfo.</param>
    /// <param name="trapNumber">The processor's vector, for the frame.</param>
    /// <param name="errorCode">The processor's error code, for the frame.</param>
    public void RaiseFault(in SignalInfo info, int trapNumber, ulong errorCode) => thread.Process.Signals.Send(info);
}
