using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>A thread's signal mask, alternate stack and waiting signals.</summary>
/// <remarks><see cref="Send"/> and <see cref="HasDeliverable"/> are thread-safe; all else belongs to the thread.</remarks>
public sealed partial class ThreadSignals
{
    private readonly GuestThread _thread;
    private readonly ProcessSignals _process;
    private SignalSet _mask;
    private SignalSet _savedMask;
    private SignalSet _awaited;
    private AlternateStack _alternateStack = AlternateStack.None;

    /// <summary>The mask that the process started with, no alternate stack, nothing waiting.</summary>
    public ThreadSignals(GuestThread thread)
    {
        _thread = thread;
        _process = thread.Process.Signals;
        _mask = _process.InitialMask;
    }

    /// <summary>Whether a signal waits that the mask lets through. Cheap: no lock.</summary>
    public bool HasDeliverable => !(_process.PendingFor(this) & (~_mask | _awaited)).IsEmpty;

    /// <summary>Whether a call replaced the mask until it returns (ppoll, sigsuspend).</summary>
    public bool HasTemporaryMask { get; private set; }

    /// <summary>The blocked signals.</summary>
    internal SignalSet Mask => _mask;

    /// <summary>The mask without what a call replaced until it returns.</summary>
    internal SignalSet LastingMask => HasTemporaryMask ? _savedMask : _mask;

    /// <summary>What the thread waits for in sigwait: taken by it although blocked.</summary>
    internal SignalSet Awaited => _awaited;

    /// <summary>Signals for this thread alone.</summary>
    internal PendingSignals Pending { get; } = new();

    /// <summary>The alternate stack.</summary>
    internal ref AlternateStack AlternateStack => ref _alternateStack;

    /// <summary>Sends a signal to this thread.</summary>
    public void Send(in SignalInfo info) => _process.TrySend(info, this);

    /// <summary>SIGPIPE for the thread that wrote to what nobody reads: after EPIPE, without MSG_NOSIGNAL.</summary>
    public void SendBrokenPipe() =>
        Send(SignalInfo.FromProcess(SignalNumber.SIGPIPE, SignalCode.User, _thread.Process.Id, (int)HostStubs.CallQuick(SystemCall.Getuid)));

    /// <summary>
    /// Replaces the mask until the current call returns; a signal that ends the call is delivered under the new mask,
    /// and its handler returns to the old one.
    /// </summary>
    public void SetTemporaryMask(ulong mask)
    {
        if (!HasTemporaryMask)
        {
            _savedMask = _mask;
            HasTemporaryMask = true;
        }
        SetMask(new SignalSet(mask));
        if (HasDeliverable)
            Wake();
    }

    /// <summary>Reads the mask argument of ppoll, pselect, epoll_pwait or sigsuspend. EINVAL for another size than 8, EFAULT.</summary>
    public Errno ReadMask(GuestVirtualAddress address, ulong sizeBytes, out ulong mask)
    {
        mask = 0;
        if (sizeBytes != SignalSet.Bytes)
            return Errno.EINVAL;
        return _thread.Memory.TryRead(address, out mask) ? Errno.None : Errno.EFAULT;
    }

    /// <summary>A new thread starts with its parent's mask, no alternate stack and nothing waiting.</summary>
    internal void InheritFrom(ThreadSignals parent) =>
        SetMask(parent.LastingMask);

    /// <summary>The thread is over: signals that wait for the process go to another.</summary>
    internal void End() => _process.ThreadEnded(this);

    /// <summary>Changes the mask; SIGKILL and SIGSTOP stay unblocked.</summary>
    internal void SetMask(SignalSet mask)
    {
        mask -= SignalSet.Unblockable;
        SignalSet changed = new(mask.Bits ^ _mask.Bits);
        if (changed.IsEmpty)
            return;
        _process.SetMask(this, ref _mask, mask);
        _process.Host?.FollowMask(changed, mask);
    }

    /// <summary>From now on the thread takes these signals whatever its mask says; empty to end that.</summary>
    internal void Await(SignalSet set) => _process.SetAwaited(ref _awaited, set);

    /// <summary>Whether the thread would take the signal now. Under the lock of the process's signals.</summary>
    internal bool Wants(int signal) => !_mask.Contains(signal) || _awaited.Contains(signal);

    /// <summary>Makes the thread look at its signals.</summary>
    internal void Wake() => _thread.Interrupt();

    private void RestoreMask()
    {
        if (!HasTemporaryMask)
            return;
        HasTemporaryMask = false;
        SetMask(_savedMask);
    }
}
