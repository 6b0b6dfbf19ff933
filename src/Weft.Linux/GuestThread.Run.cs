using System.Diagnostics;
using Weft.Kvm;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux;

public sealed partial class GuestThread
{
    private bool _finished;

    /// <summary>Runs the thread on the calling host thread until it ends.</summary>
    public void Run()
    {
        BindToHostThread();
        while (!_finished)
        {
            if (Volatile.Read(ref Vcpu.PendingWord) != 0)
            {
                ClearInterrupt();
                Signals.DeliverPending();
                if (_finished)
                    break;
            }
            Handle(Vcpu.Run());
        }
        _scratch?.Dispose();
        Kernel.ReturnVcpu(Vcpu);
    }

    /// <summary>Takes the calling host thread's id as this thread's.</summary>
    internal void BindToHostThread()
    {
        if (ThreadId == 0)
            ThreadId = (int)HostStubs.CallQuick(SystemCall.Gettid);
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
        SyscallResult result = Answer(number, arguments, CallWays.None);
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

    private SyscallResult Answer(ulong number, in SyscallArguments arguments, CallWays way)
    {
        ISystemCallObserver? observer = Kernel.Observer;
        if (observer is null)
            return SystemCallTable.Dispatch(this, number, arguments);
        long start = Stopwatch.GetTimestamp();
        SyscallResult result = SystemCallTable.Dispatch(this, number, arguments);
        observer.Answered(this, number, arguments, result, way, Stopwatch.GetTimestamp() - start);
        return result;
    }
}
