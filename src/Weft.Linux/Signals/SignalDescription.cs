using System.Buffers.Binary;
using Weft.Linux.Checkpoint;
using Weft.Linux.Files;
using Weft.Linux.Memory;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>
/// A signalfd: backed by an eventfd of the host that is readable while a signal of the mask waits, so that the host's
/// poll, select and epoll know. Its read(2) is <see cref="Read"/>: the descriptor itself must not be read.
/// </summary>
/// <remarks>
/// Thread-safe. Linux asks the polling thread's own queue and the process's. Here one eventfd serves all threads, so
/// signals for one thread alone make it readable if that thread ever made, read or polled the descriptor.
/// </remarks>
public sealed class SignalDescription : FileDescription
{
    private const int EntryBytes = 128;
    private readonly ProcessSignals _signals;
    private readonly NativeBuffer _counter = new(4096);

    // All below: protected by the gate of the process's signals.
    private readonly List<ThreadSignals> _users = [], _readers = [];
    private SignalSet _mask;
    private int _maskChanges;
    private bool _readable;

    internal SignalDescription(int hostDescriptor, ThreadSignals maker, ProcessSignals signals, SignalSet mask)
        : base(hostDescriptor)
    {
        _signals = signals;
        _users.Add(maker);
        signals.AddDescription(this);
        SetMask(mask);
    }

    /// <summary>
    /// Takes as many signals of the mask as fit, as struct signalfd_siginfo. Waits for the first unless O_NONBLOCK. A
    /// signal whose entry can't be written is lost, as on Linux.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="ranges">Where the entries go, one after the other.</param>
    public SyscallResult Read(GuestThread thread, params ReadOnlySpan<GuestRange> ranges)
    {
        ulong room = 0;
        foreach (GuestRange range in ranges)
            room += range.LengthBytes;
        if (room < EntryBytes)
            return Errno.EINVAL;
        AddUser(thread.Signals);
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
        ulong written = 0;
        do
        {
            SignalDescriptorEntry.Fill(info, entry);
            if (!GuestRange.TryWrite(thread, ranges, written, entry))
                return written > 0 ? (long)written : Errno.EFAULT;
            written += EntryBytes;
        }
        while (written + EntryBytes <= room && _signals.TryTake(thread.Signals, Mask, out info));
        return (long)written;
    }

    private SignalSet Mask
    {
        get
        {
            lock (_signals.Gate)
                return _mask;
        }
    }

    /// <inheritdoc/>
    internal override FileState Describe(MountTable mounts) => new()
    {
        Kind = FileKind.Signals,
        Flags = IsNonBlocking() ? OpenFlags.NonBlocking : 0,
        SignalMask = Mask.Bits,
    };

    /// <summary>A thread uses the descriptor: from now on signals for it alone count.</summary>
    internal void AddUser(ThreadSignals thread)
    {
        lock (_signals.Gate)
        {
            if (_users.Contains(thread))
                return;
            _users.Add(thread);
            Refresh();
        }
    }

    /// <summary>A thread is over.</summary>
    internal void RemoveUserLocked(ThreadSignals thread)
    {
        if (_users.Remove(thread))
            Refresh();
    }

    /// <summary>Replaces the mask; who sleeps in a read looks anew.</summary>
    internal void SetMask(SignalSet mask)
    {
        lock (_signals.Gate)
        {
            _mask = mask;
            _maskChanges++;
            Refresh();
            foreach (ThreadSignals reader in _readers)
                reader.Wake();
        }
    }

    /// <summary>A signal was queued. Each one is an edge for EPOLLET, and wakes every reader: the first may have room for one only.</summary>
    internal void ArrivedLocked(int signal)
    {
        if (!_mask.Contains(signal))
            return;
        _readable = false;
        Refresh();
        foreach (ThreadSignals reader in _readers)
            reader.Wake();
    }

    /// <summary>Signals were taken.</summary>
    internal void TakenLocked()
    {
        if (_readable)
            Refresh();
    }

    /// <inheritdoc/>
    protected override long OnLastRelease()
    {
        _signals.RemoveDescription(this);
        _counter.Dispose();
        return base.OnLastRelease();
    }

    /// <summary>Makes the eventfd tell whether a signal of the mask waits for the process or a user.</summary>
    private void Refresh()
    {
        SignalSet waiting = _signals.Pending.Set;
        foreach (ThreadSignals user in _users)
            waiting |= user.Pending.Set;
        bool readable = !(waiting & _mask).IsEmpty;
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

    /// <summary>Sleeps until a signal of the mask waits for this thread, or the mask is another. Restart when a signal must be delivered.</summary>
    private SyscallResult WaitForSignal(GuestThread thread)
    {
        ThreadSignals signals = thread.Signals;
        int maskChanges;
        lock (_signals.Gate)
        {
            _readers.Add(signals);
            maskChanges = _maskChanges;
        }
        SyscallResult result = SyscallResult.Restart;
        // Whoever queues a signal or changes the mask does so before it wakes us: a wake between the look and the sleep ends the sleep.
        while (!IsOver(signals, maskChanges) && !signals.HasDeliverable && !thread.TryBlock(out result, SystemCall.Pause))
        {
        }
        lock (_signals.Gate)
            _readers.Remove(signals);
        return IsOver(signals, maskChanges) ? SyscallResult.Success : result;
    }

    private bool IsOver(ThreadSignals thread, int maskChanges)
    {
        lock (_signals.Gate)
            return _maskChanges != maskChanges || !(_signals.PendingFor(thread) & _mask).IsEmpty;
    }
}
