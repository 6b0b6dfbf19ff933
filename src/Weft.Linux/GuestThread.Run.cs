using Weft.Kvm;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux;

public sealed partial class GuestThread
{
    private bool _finished;
    private bool _hasWays;
    private bool _isAttended;
    private int _handlerLock;

    /// <summary>The running handler is on the attendant's thread: it must not wait, and may decline.</summary>
    internal bool IsAttended => _isAttended;

    /// <summary>Runs the thread on the calling host thread until it ends.</summary>
    public void Run()
    {
        BindToHostThread();
        _statistics = Kernel.Statistics.RentThread();
        _isObserved = Kernel.IsObserved;
        while (!_finished)
        {
            if (Volatile.Read(ref Vcpu.PendingWord) != 0 || Signals.HasDeliverable)
            {
                ClearInterrupt();
                Signals.DeliverPending();
                if (_finished)
                    break;
            }
            VcpuExit exit = Vcpu.Run();
            NoteExit(exit);
            Handle(exit);
        }
        Kernel.Attendant.Disable(this);
        Kernel.Statistics.ReturnThread(_statistics);
        _scratch?.Dispose();
        Kernel.ReturnVcpu(Vcpu);
    }

    /// <summary>Takes the calling host thread's id as this thread's.</summary>
    internal void BindToHostThread()
    {
        if (ThreadId != 0)
            return;
        ThreadId = (int)HostStubs.CallQuick(SystemCall.Gettid);
        Processes.ProcessorShare.Apply(Kernel.Options, Kernel.ProcessId);
    }

    /// <summary>The thread ends after the current system call.</summary>
    internal void Finish() => _finished = true;

    private void Handle(VcpuExit exit)
    {
        switch (exit)
        {
            case VcpuExit.SystemCall:
                HandleSystemCall();
                break;
            case VcpuExit.Exception:
                HandleException();
                break;
            case VcpuExit.Interrupted:
                ClearInterrupt();
                Signals.DeliverPending();
                break;
            case VcpuExit.MemoryError:
                HandleMemoryError();
                break;
            default:
                Console.Error.WriteLine($"weft: the VM stopped for a reason that Weft does not know ({Vcpu.Describe()}); please report it with './weft doctor'");
                const int weftFailed = 125;
                Kernel.End(weftFailed);
                break;
        }
    }

    private void HandleSystemCall()
    {
        ref KvmRegisters registers = ref Registers;
        ulong number = registers.Rax;
        SyscallArguments arguments = new(registers.Rdi, registers.Rsi, registers.Rdx, registers.R10, registers.R8, registers.R9);
        if (Kernel.Attendant.IsEnabled && AnsweredBySlot(number))
            return;
        EnterHandler();
        SyscallResult result = Answer(number, arguments, CallWays.None);
        LeaveHandler();
        if (result == SyscallResult.RegistersSet)
            return;
        if (result.IsRestart || Signals.HasTemporaryMask)
        {
            Signals.FinishInterruptedCall(number, result);
            return;
        }
        registers.Rax = (ulong)result.Value;
        Vcpu.RegistersChanged();
    }

    /// <summary>Sees to the slot after an exit: the attendant may have the call already. True when it answered.</summary>
    private bool AnsweredBySlot(ulong number)
    {
        if (!_hasWays)
        {
            _hasWays = true;
            Kernel.Attendant.Enable(this);
            return false;
        }
        if (!Vcpu.Slot.Reclaim(out ulong result))
        {
            Kernel.Attendant.NoticeExit(this, number);
            return false;
        }
        Registers.Rax = result;
        Vcpu.RegistersChanged();
        return true;
    }

    /// <summary>Runs a handler on the attendant's thread. False when the call must leave by an exit.</summary>
    internal bool TryAnswerForAttendant(ulong number, in SyscallArguments arguments, ReadOnlySpan<byte> ways, out SyscallResult result)
    {
        result = default;
        // A program may write any number into its slot; only calls marked for the attendant are its business.
        if (number >= (ulong)ways.Length || ways[(int)number] == 0)
            return false;
        EnterHandler();
        _isAttended = true;
        result = Answer(number, arguments, CallWays.Attendant);
        _isAttended = false;
        LeaveHandler();
        return result != SyscallResult.Declined;
    }

    /// <summary>
    /// One handler at a time for a thread: a program that forges posts in its slot while it runs could else have two
    /// share its scratch memory. Never contended by an honest one.
    /// </summary>
    private void EnterHandler()
    {
        SpinWait spin = default;
        while (Interlocked.CompareExchange(ref _handlerLock, 1, 0) != 0)
            spin.SpinOnce();
    }

    private void LeaveHandler() => Volatile.Write(ref _handlerLock, 0);

    private SyscallResult Answer(ulong number, in SyscallArguments arguments, CallWays way)
    {
        if (_isObserved)
            return AnswerObserved(number, arguments, way);
        // One that the attendant declines counts here too, and again when it comes by an exit: rare, and not worth a branch.
        _statistics.CountCall(number, way);
        return SystemCallTable.Dispatch(this, number, arguments);
    }
}
