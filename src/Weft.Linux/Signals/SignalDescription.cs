using System.Buffers.Binary;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>
/// A signalfd: backed by an eventfd of the host that is readable while a signal of the mask waits, so that the host's
/// poll, select and epoll know. Its read(2) is <see cref="Read"/>: the descriptor itself must not be read.
/// </summary>
/// <remarks>
/// Thread-safe. A signal that waits for another thread alone makes it readable too, where Linux looks at the caller's.
/// </remarks>
public sealed class SignalDescription : FileDescription
{
    private const int EntryBytes = 128;
    private readonly ProcessSignals _signals;
    private readonly NativeBuffer _counter = new(4096);
    private SignalSet _mask;
    private bool _readable;

    internal SignalDescription(int hostDescriptor, ProcessSignals signals, SignalSet mask)
        : base(hostDescriptor)
    {
        _signals = signals;
        _mask = mask;
        signals.AddDescription(this);
        SetMask(mask);
    }

    /// <summary>Takes as many signals of the mask as fit, as struct signalfd_siginfo. Waits for the first unless O_NONBLOCK.</summary>
    public SyscallResult Read(GuestThread thread, GuestVirtualAddress buffer, ulong lengthBytes)
    {
        if (lengthBytes < EntryBytes)
            return Errno.EINVAL;
        SignalInfo info;
        while (!_signals.TryTake(thread.Signals, Mask, out info))
        {
            if (IsNonBlocking())
                return Errno.EAGAIN;
            SyscallResult waited = WaitForSignal(thread);
            if (waited.IsRestart || waited.IsError)
                return waited;
        }
        Span<byte> entry = stackalloc byte[EntryBytes];
        long written = 0;
        do
        {
            SignalDescriptorEntry.Fill(info, entry);
            if (!thread.Memory.TryWrite(buffer + (ulong)written, entry))
                return written > 0 ? written : Errno.EFAULT;
            written += EntryBytes;
        }
        while ((ulong)written + EntryBytes <= lengthBytes && _signals.TryTake(thread.Signals, Mask, out info));
        return written;
    }

    private SignalSet Mask
    {
        get
        {
            lock (_signals.Gate)
                return _mask;
        }
    }

    /// <summary>Replaces the mask.</summary>
    internal void SetMask(SignalSet mask)
    {
        lock (_signals.Gate)
        {
            _mask = mask;
            SetReadableLocked(!(_signals.AllPendingLocked & mask).IsEmpty);
        }
    }

    /// <summary>A signal was queued. Each one is an edge for EPOLLET.</summary>
    internal void ArrivedLocked(int signal)
    {
        if (!_mask.Contains(signal))
            return;
        _readable = false;
        SetReadableLocked(true);
    }

    /// <summary>Signals were taken.</summary>
    internal void TakenLocked()
    {
        if (_readable)
            SetReadableLocked(!(_signals.AllPendingLocked & _mask).IsEmpty);
    }

    /// <inheritdoc/>
    protected override long OnLastRelease()
    {
        _signals.RemoveDescription(this);
        _counter.Dispose();
        return base.OnLastRelease();
    }

    private void SetReadableLocked(bool readable)
    {
        if (readable == _readable)
            return;
        _readable = readable;
        BinaryPrimitives.WriteUInt64LittleEndian(_counter.Span, 1);
        HostStubs.CallQuick(readable ? SystemCall.Write : SystemCall.Read, Host, (long)_counter.Address.Value, sizeof(ulong));
    }

    private bool IsNonBlocking()
    {
        const int getFlags = 3, nonBlocking = 0x800;
        return (HostStubs.CallQuick(SystemCall.Fcntl, Host, getFlags) & nonBlocking) != 0;
    }

    /// <summary>Sleeps until a signal of the mask waits for this thread. Restart when another one must be delivered.</summary>
    private SyscallResult WaitForSignal(GuestThread thread)
    {
        SignalSet mask = Mask;
        thread.Signals.Await(mask);
        SyscallResult result = thread.Signals.HasDeliverable ? SyscallResult.Restart : thread.Block(SystemCall.Pause);
        thread.Signals.Await(default);
        return result.IsRestart && !(_signals.PendingFor(thread.Signals) & mask).IsEmpty ? SyscallResult.Success : result;
    }
}
