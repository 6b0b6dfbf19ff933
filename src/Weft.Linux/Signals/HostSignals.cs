using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Linux.Checkpoint;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>
/// Signals that reach the VMM's process from outside (the terminal, kill, the host's timers) become the program's: the
/// host's handler writes each siginfo to a pipe, and one thread reads it.
/// </summary>
/// <remarks>
/// Thread-safe. SIGTTIN and SIGTTOU are different: the host's terminal raises them in whoever reads or writes, so
/// the host's own disposition and masks follow the program's, and the host does the stopping.
/// </remarks>
public sealed class HostSignals
{
    /// <summary>The host signal that the program's POSIX timers use; told from a sent one by its si_code.</summary>
    internal const int TimerSignal = 62;

    private const int InfoBytes = 128, ReadBytes = 32 * InfoBytes, PipeBytes = 1 << 20;

    /// <summary>Where the structures hold a siginfo of signal 0, never written.</summary>
    private const int MarkerAt = 2048;
    private const int FirstRuntimeSignal = 32, LastRuntimeSignal = 34;
    private const int Block = 0, Unblock = 1, SetAll = 2;
    /// <summary>What faults raise and processes send: the VMM's faults are its own, what is sent is the program's.</summary>
    private static readonly SignalSet SentFaults = SignalSet.Of(SignalNumber.SIGSEGV) | SignalSet.Of(SignalNumber.SIGBUS);
    private static readonly SignalSet TerminalAccess = SignalSet.Of(SignalNumber.SIGTTIN) | SignalSet.Of(SignalNumber.SIGTTOU);

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly NativeBuffer _structures = new(4096);
    private readonly ManualResetEventSlim _threadRuns = new();
    private readonly Lock _settling = new();
    private readonly ManualResetEventSlim _settled = new();
    private int _readEnd;
    private int _writeEnd;
    private int _threadId;

    private HostSignals(Process process) => _process = process;

    /// <summary>The host thread that receives <see cref="TimerSignal"/>.</summary>
    internal int ThreadId
    {
        get
        {
            _threadRuns.Wait();
            return _threadId;
        }
    }

    /// <summary>
    /// Starts forwarding, and gives the process the ignored signals and the mask that weft was started with. Call on
    /// the thread that will run the first guest thread, before its first instruction.
    /// </summary>
    /// <param name="kernel">The VM's.</param>
    /// <param name="process">Gets the signals.</param>
    /// <param name="state">What another VMM handed over: it counts instead of the host's.</param>
    /// <exception cref="InvalidOperationException">The host gives no pipe.</exception>
    public static void Start(Kernel kernel, Process process, SignalState? state = null)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        HostSignals host = new(process);
        host.OpenPipe();
        SignalSet blocked = host.ReadHostMask();
        host.LeaveSignalsToReceiver();
        SignalSet ignored = default;
        for (int signal = 1; signal <= SignalNumber.Highest; signal++)
        {
            if (IsIgnoredOnHost(host._structures, signal) && signal != SignalNumber.SIGPIPE)
                ignored |= SignalSet.Of(signal);
            if (IsForwarded(signal) && (!TerminalAccess.Contains(signal) || state?.Actions[signal - 1].IsHandled == true))
                HostStubs.ForwardSignal(signal, host._writeEnd);
            host.HoldKick(signal);
        }
        // One that a process sent has waited until it could be told from a fault of the VMM's own.
        host.ChangeHostMask(Unblock, SentFaults);
        if (state is null)
            process.Signals.Inherit(host, ignored, blocked);
        else
            process.Signals.Restore(host, state);
        host.FollowChildAction(process.Signals.GetAction(SignalNumber.SIGCHLD));
        new Thread(host.Receive, 256 << 10) { IsBackground = true, Name = "weft signals" }.Start();
    }

    /// <summary>
    /// From now on what the host raises waits in the host's queue of the process, for the VMM that takes this one's
    /// place; what it raised before is in the program's queues when the call returns.
    /// </summary>
    internal void HoldForSuccessor()
    {
        // The kick makes its thread hold what all the others hold already: see HoldOnOtherThreads.
        HostStubs.KickThread(_process.Id, ThreadId);
        Settle();
    }

    /// <summary>
    /// What a child's VMM must be started with blocked, so that signals wait until it takes them: all that is forwarded; and
    /// those of terminal access as the program's thread has them. What stands for faults too, as the runtime would lose one
    /// that a process sent.
    /// </summary>
    internal static SignalSet MaskOfChild(SignalSet mask)
    {
        SignalSet blocked = mask & TerminalAccess | SentFaults;
        for (int signal = 1; signal <= SignalNumber.Highest; signal++)
            if (IsForwarded(signal) && !TerminalAccess.Contains(signal))
                blocked |= SignalSet.Of(signal);
        return blocked;
    }

    /// <summary>
    /// Blocks what is forwarded on the calling host thread, which runs guest code, and so on all that it starts, and on
    /// the runtime's. Else a signal could end a blocking call of this very thread before it is in the program's queue,
    /// and the program would run on for a moment as if nothing had come; and <see cref="Settle"/> needs to know which
    /// thread the signals are on.
    /// </summary>
    private void LeaveSignalsToReceiver()
    {
        SignalSet forwarded = default;
        for (int signal = 1; signal <= SignalNumber.Highest; signal++)
            if (IsForwarded(signal) && !TerminalAccess.Contains(signal))
                forwarded |= SignalSet.Of(signal);
        lock (_lock)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_structures.Span, forwarded.Bits);
            HostStubs.CallQuick(SystemCall.RtSigprocmask, Block, (long)_structures.Address.Value, 0, sizeof(ulong));
        }
        HostStubs.HoldOnOtherThreads(forwarded.Bits);
    }

    /// <summary>
    /// Stops the VM as the default action of a stop signal does: the whole host process stops, so that the shell's job
    /// control sees it. Returns when it continues.
    /// </summary>
    internal static void Stop(HostSignals? host, int signal)
    {
        int processId = Environment.ProcessId;
        if (host is null || signal == SignalNumber.SIGSTOP)
        {
            HostStubs.Call(SystemCall.Kill, processId, SignalNumber.SIGSTOP);
            return;
        }
        // With the host's default action the host itself knows about orphaned process groups.
        host.SetDisposition(signal, SignalAction.Default);
        host.ChangeHostMask(Unblock, SignalSet.Of(signal));
        HostStubs.Call(SystemCall.Tgkill, processId, HostStubs.CallQuick(SystemCall.Gettid), signal);
        if (!TerminalAccess.Contains(signal))
            host.ChangeHostMask(Block, SignalSet.Of(signal));
        host.FollowAction(signal, host._process.Signals.GetAction(signal));
    }

    /// <summary>
    /// Waits until every signal that the host raised before the call is in the program's queues. A timer that was
    /// disarmed has then no signal on the way any more, as on Linux. Call without holding a lock that a sender takes.
    /// </summary>
    internal void Settle()
    {
        // A record of signal 0 goes through the pipe. The receiver runs the host's handler for what is pending before
        // it sees the record, and empties the pipe before it answers.
        lock (_settling)
        {
            _settled.Reset();
            while (HostStubs.CallQuick(SystemCall.Write, _writeEnd, (long)(_structures.Address + MarkerAt).Value, InfoBytes) == -(long)Errno.EAGAIN)
                Thread.Yield();
            _settled.Wait();
        }
    }

    /// <summary>
    /// Takes a signal's default action, which ends the host process, without a core file: it would be the VMM's. Returns
    /// only where the host has no such action.
    /// </summary>
    internal static void Die(int signal)
    {
        const int setDumpable = 4;
        HostStubs.CallQuick(SystemCall.Prctl, setDumpable, 0);
        using NativeBuffer structure = new(InfoBytes);
        long at = (long)structure.Address.Value;
        MemoryMarshal.Write(structure.Span, default(SignalAction));
        HostStubs.CallQuick(SystemCall.RtSigaction, signal, at, 0, sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(structure.Span, SignalSet.Of(signal).Bits);
        HostStubs.CallQuick(SystemCall.RtSigprocmask, Unblock, at, 0, sizeof(ulong));
        HostStubs.Call(SystemCall.Tgkill, Environment.ProcessId, HostStubs.CallQuick(SystemCall.Gettid), signal);
    }

    /// <summary>Whether the host's signal reaches the program: not those of the VMM's own faults, of the runtime, and the kick.</summary>
    internal static bool IsForwarded(int signal) => signal switch
    {
        SignalNumber.SIGKILL or SignalNumber.SIGSTOP or SignalNumber.SIGSEGV or SignalNumber.SIGBUS or SignalNumber.SIGFPE
            or SignalNumber.SIGILL or SignalNumber.SIGTRAP or SignalNumber.SIGSYS => false,
        SignalNumber.SIGPIPE => false,
        >= FirstRuntimeSignal and <= LastRuntimeSignal => false,
        HostStubs.KickSignal => false,
        _ => signal is >= 1 and <= SignalNumber.Highest,
    };

    /// <summary>The program changed an action: for terminal access and ended children the host's disposition follows.</summary>
    internal void FollowAction(int signal, in SignalAction action)
    {
        if (signal == SignalNumber.SIGCHLD)
            FollowChildAction(action);
        else if (TerminalAccess.Contains(signal) && !action.IsHandled)
            SetDisposition(signal, action.Handler);
        else if (TerminalAccess.Contains(signal) || SignalSet.Stopping.Contains(signal))
        {
            HostStubs.ForwardSignal(signal, _writeEnd);
            HoldKick(signal);
        }
    }

    /// <summary>Whether children leave a status behind, and tell of stops, is the host's matter: its action has the program's flags.</summary>
    private void FollowChildAction(in SignalAction action)
    {
        const ulong noStop = 1, noWait = 2;
        ulong wanted = action.Flags & (noStop | noWait) | (action.Handler == SignalAction.Ignore ? noWait : 0);
        lock (_lock)
        {
            long at = (long)_structures.Address.Value;
            if (HostStubs.CallQuick(SystemCall.RtSigaction, SignalNumber.SIGCHLD, 0, at, sizeof(ulong)) < 0)
                return;
            SignalAction host = MemoryMarshal.Read<SignalAction>(_structures.Span);
            if ((host.Flags & (noStop | noWait)) == wanted)
                return;
            host.Flags = host.Flags & ~(noStop | noWait) | wanted;
            MemoryMarshal.Write(_structures.Span, host);
            HostStubs.CallQuick(SystemCall.RtSigaction, SignalNumber.SIGCHLD, at, 0, sizeof(ulong));
        }
    }

    /// <summary>The running guest thread changed its mask: for terminal access its host thread's follows.</summary>
    internal void FollowMask(SignalSet changed, SignalSet mask)
    {
        if ((changed & TerminalAccess).IsEmpty)
            return;
        ChangeHostMask(Block, mask & TerminalAccess);
        ChangeHostMask(Unblock, TerminalAccess - mask);
    }

    /// <summary>
    /// Holds the kick back while the host's handler of a signal runs. A kick inside another handler would not see the
    /// system call that the handler interrupted; after the handler, with SA_RESTART, that call would sleep on.
    /// </summary>
    private void HoldKick(int signal)
    {
        if (signal == HostStubs.KickSignal)
            return;
        lock (_lock)
        {
            long at = (long)_structures.Address.Value;
            if (HostStubs.CallQuick(SystemCall.RtSigaction, signal, 0, at, sizeof(ulong)) < 0)
                return;
            SignalAction action = MemoryMarshal.Read<SignalAction>(_structures.Span);
            if (!action.IsHandled)
                return;
            action.Mask |= SignalSet.Of(HostStubs.KickSignal).Bits;
            MemoryMarshal.Write(_structures.Span, action);
            HostStubs.CallQuick(SystemCall.RtSigaction, signal, at, 0, sizeof(ulong));
        }
    }

    private void OpenPipe()
    {
        const int closeOnExec = 0x80000, nonBlocking = 0x800, setFlags = 4, setPipeSize = 1031;
        if (HostStubs.Call(SystemCall.Pipe2, (long)_structures.Address.Value, closeOnExec) < 0)
            throw new InvalidOperationException("The host gives no pipe for signals; raise the limit on open files (ulimit -n).");
        _readEnd = BinaryPrimitives.ReadInt32LittleEndian(_structures.Span);
        _writeEnd = BinaryPrimitives.ReadInt32LittleEndian(_structures.Span[sizeof(int)..]);
        // A handler must never wait: its thread may be the one that empties the pipe.
        HostStubs.Call(SystemCall.Fcntl, _writeEnd, setFlags, nonBlocking);
        HostStubs.Call(SystemCall.Fcntl, _writeEnd, setPipeSize, PipeBytes);
    }

    private void Receive()
    {
        lock (_lock)
        {
            // This thread takes every forwarded signal, also one that weft was started with blocked.
            _structures.Span[..sizeof(ulong)].Clear();
            HostStubs.Call(SystemCall.RtSigprocmask, SetAll, (long)_structures.Address.Value, 0, sizeof(ulong));
        }
        _threadId = (int)HostStubs.CallQuick(SystemCall.Gettid);
        _threadRuns.Set();
        using NativeBuffer buffer = new(ReadBytes);
        bool isAsked = false;
        while (true)
        {
            if (isAsked && IsPipeEmpty(buffer))
            {
                isAsked = false;
                _settled.Set();
            }
            long count = HostStubs.Call(SystemCall.Read, _readEnd, (long)buffer.Address.Value, ReadBytes);
            if (count == -(long)Errno.EINTR)
                continue;
            if (count <= 0)
                return;
            for (int at = 0; at + InfoBytes <= count; at += InfoBytes)
            {
                SignalInfo info = MemoryMarshal.Read<SignalInfo>(buffer.Span[at..]);
                isAsked |= info.Number == 0;
                if (info.Number != 0)
                    Forward(info);
            }
        }
    }

    private bool IsPipeEmpty(NativeBuffer buffer)
    {
        const int bytesToRead = 0x541b; // FIONREAD. Source: asm-generic/ioctls.h.
        HostStubs.CallQuick(SystemCall.Ioctl, _readEnd, bytesToRead, (long)buffer.Address.Value);
        return BinaryPrimitives.ReadInt32LittleEndian(buffer.Span) == 0;
    }

    private void Forward(in SignalInfo info)
    {
        if (info.Code == SignalCode.Timer && info.Number == TimerSignal)
            _process.Signals.Timers.Expired((int)(uint)info.First, (int)(info.First >> 32));
        else if (Processes.ChildGroup.Obey(_process.Kernel, info))
            return;
        else if (info.Code is >= SignalCode.FirstPoll and <= SignalCode.LastPoll && info.Number != SignalNumber.SIGCHLD)
            _process.Signals.Send(info with { Second = (uint)_process.Files.NumberOf((int)(uint)info.Second) });
        // What the program sent to its own process group comes back here; it has had its copy.
        else if (info.Code != SignalCode.User || (int)(uint)info.First != _process.Id)
            _process.Signals.Send(info);
    }

    private static bool IsIgnoredOnHost(NativeBuffer structures, int signal)
    {
        if (HostStubs.CallQuick(SystemCall.RtSigaction, signal, 0, (long)structures.Address.Value, sizeof(ulong)) < 0)
            return false;
        return BinaryPrimitives.ReadUInt64LittleEndian(structures.Span) == SignalAction.Ignore;
    }

    private SignalSet ReadHostMask()
    {
        HostStubs.CallQuick(SystemCall.RtSigprocmask, Block, 0, (long)_structures.Address.Value, sizeof(ulong));
        return new SignalSet(BinaryPrimitives.ReadUInt64LittleEndian(_structures.Span));
    }

    private void SetDisposition(int signal, ulong handler)
    {
        lock (_lock)
        {
            SignalAction action = new() { Handler = handler };
            MemoryMarshal.Write(_structures.Span, action);
            HostStubs.CallQuick(SystemCall.RtSigaction, signal, (long)_structures.Address.Value, 0, sizeof(ulong));
        }
    }

    private void ChangeHostMask(int how, SignalSet signals)
    {
        lock (_lock)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_structures.Span, signals.Bits);
            HostStubs.CallQuick(SystemCall.RtSigprocmask, how, (long)_structures.Address.Value, 0, sizeof(ulong));
        }
    }
}
