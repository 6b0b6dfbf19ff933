using System.Runtime.InteropServices;
using Weft.Kvm;
using Weft.Native;

namespace Weft.Linux.Signals;

public sealed partial class ThreadSignals
{
    private const int PageFaultVector = 14, ProtectionVector = 13;
    private const ulong CarriesThroughHandler = 0x10500; // TF, DF and RF: cleared at a handler's entry.

    private ulong _trapNumber, _errorCode, _faultAddress;
    private ulong? _interruptedCall;
    private Func<GuestThread, SyscallResult>? _continuation;
    private VectorStateLayout? _layout;
    private byte[] _vectorState = [];
    private byte[] _frame = [];

    /// <summary>Delivers what waits: enters handlers, or does the default action. Called by the thread between instructions.</summary>
    public void DeliverPending()
    {
        while (_process.TryTakeDeliverable(this, out SignalInfo info, out SignalAction action))
            Act(info, action);
        RestoreMask();
    }

    /// <summary>
    /// Ends a system call whose result is <see cref="SyscallResult.Restart"/>, or that had a temporary mask: delivers
    /// the signal with RAX and RIP set for a restart or EINTR as its handler's SA_RESTART asks. Without a handler the
    /// call is done again. Source: linux/arch/x86/kernel/signal.c, arch_do_signal_or_restart.
    /// </summary>
    public void FinishInterruptedCall(ulong number, SyscallResult result)
    {
        bool repeats = result.IsRestart
            || (HasTemporaryMask && result.Error == Errno.EINTR && InterruptedCalls.RepeatsWithoutHandler((SystemCall)number));
        if (!repeats)
        {
            if (result.Error != Errno.EINTR)
                RestoreMask();
            SetResult(result.Value);
            DeliverPending();
            return;
        }
        _interruptedCall = number;
        DeliverPending();
        if (_interruptedCall is null)
            return;
        _interruptedCall = null;
        Repeat(_continuation is null ? number : (ulong)SystemCall.RestartSyscall);
    }

    /// <summary>
    /// Raises a synchronous fault: enters its handler now, or kills the process when it is blocked or ignored.
    /// </summary>
    /// <param name="info">The siginfo.</param>
    /// <param name="trapNumber">The processor's vector, for the frame.</param>
    /// <param name="errorCode">The processor's error code, for the frame.</param>
    public void RaiseFault(in SignalInfo info, int trapNumber, ulong errorCode)
    {
        const ulong user = 4;
        _trapNumber = (ulong)trapNumber;
        _errorCode = errorCode;
        if (trapNumber == PageFaultVector)
        {
            _errorCode |= user;
            _faultAddress = info.First;
        }
        Force(info);
    }

    /// <summary>
    /// Call right before returning <see cref="SyscallResult.Restart"/>: when no handler runs, the call goes on by this
    /// function (with what it keeps, as a deadline) instead of being done again from its arguments.
    /// </summary>
    internal void ContinueWith(Func<GuestThread, SyscallResult> continuation) => _continuation = continuation;

    /// <summary>restart_syscall(2).</summary>
    internal SyscallResult Continue()
    {
        Func<GuestThread, SyscallResult>? continuation = _continuation;
        _continuation = null;
        return continuation is null ? Errno.EINTR : continuation(_thread);
    }

    /// <summary>SIGSEGV from the kernel itself: a frame that can't be written or read. Kills when it is blocked or ignored.</summary>
    internal void ForceSegmentationFault() =>
        Force(new SignalInfo { Number = SignalNumber.SIGSEGV, Code = SignalCode.Kernel });

    private void Force(in SignalInfo info)
    {
        if (_process.TryTakeFaultAction(this, info.Number, out SignalAction action))
            EnterHandler(info, action);
        else
            _process.Kill(info.Number);
    }

    private void Act(in SignalInfo info, in SignalAction action)
    {
        _thread.Kernel.Observer?.SignalDelivered(_thread, info);
        if (action.IsHandled)
        {
            FinishCallFor(action);
            EnterHandler(info, action);
        }
        else if (SignalActions.DefaultOf(info.Number) == SignalDefault.Stop)
            HostSignals.Stop(_process.Host, info.Number);
        else
            _process.Kill(info.Number);
    }

    private void FinishCallFor(in SignalAction action)
    {
        if (_interruptedCall is not { } number)
            return;
        _interruptedCall = null;
        _continuation = null;
        if (action.Has(SignalAction.RestartsCalls) && !InterruptedCalls.NeverRepeatsAfterHandler((SystemCall)number))
            Repeat(number);
        else
            SetResult(-(long)Errno.EINTR);
    }

    private void Repeat(ulong number)
    {
        const ulong syscallInstructionBytes = 2;
        _thread.Registers.Rip -= syscallInstructionBytes;
        SetResult((long)number);
    }

    private void SetResult(long value)
    {
        _thread.Registers.Rax = (ulong)value;
        _thread.Vcpu.RegistersChanged();
    }

    private void EnterHandler(in SignalInfo info, in SignalAction action)
    {
        _thread.Kernel.Group?.Windows?.Abandon(ref _thread.Registers);
        if (!TryPushFrame(info, action))
        {
            if (info.Number == SignalNumber.SIGSEGV)
                _process.Kill(SignalNumber.SIGSEGV);
            ForceSegmentationFault();
            return;
        }
        SignalSet blocked = _mask | new SignalSet(action.Mask);
        if (!action.Has(SignalAction.LeavesUnblocked))
            blocked |= SignalSet.Of(info.Number);
        HasTemporaryMask = false;
        SetMask(blocked);
        if (_alternateStack.DisarmsItself)
            _alternateStack = AlternateStack.None;
        CheckInstruction(action.Handler);
    }

    /// <summary>Writes the frame and points the registers at the handler. False when the stack cannot be written.</summary>
    private bool TryPushFrame(in SignalInfo info, in SignalAction action)
    {
        VectorStateLayout layout = Layout();
        ref KvmRegisters registers = ref _thread.Registers;
        if (!action.Has(SignalAction.HasRestorer)
            || !SignalFrame.TryPlace(registers.Rsp, action.Has(SignalAction.OnAlternateStack), _alternateStack, (ulong)layout.FrameBytes,
                out ulong address, out ulong vectorState))
            return false;
        int vectorOffset = (int)(vectorState - address);
        Span<byte> bytes = _frame.AsSpan(0, vectorOffset + layout.FrameBytes);
        bytes[..vectorOffset].Clear();
        ref SignalFrame frame = ref MemoryMarshal.AsRef<SignalFrame>(bytes);
        FillFrame(ref frame, info, action, vectorState);
        _thread.Vcpu.ReadVectorState(_vectorState);
        layout.Describe(_vectorState, bytes[vectorOffset..]);
        if (!_thread.Memory.TryWrite(new(address), bytes))
            return false;
        VectorStateLayout.Initialise(_vectorState);
        _thread.Vcpu.TryWriteVectorState(_vectorState);
        registers.Rdi = (ulong)info.Number;
        registers.Rsi = address + SignalFrame.InfoOffset;
        registers.Rdx = address + SignalFrame.ContextOffset;
        registers.Rax = 0;
        registers.Rsp = address;
        registers.Rip = action.Handler;
        registers.Rflags &= ~CarriesThroughHandler;
        _thread.Vcpu.RegistersChanged();
        return true;
    }

    private void FillFrame(ref SignalFrame frame, in SignalInfo info, in SignalAction action, ulong vectorState)
    {
        frame.Restorer = action.Restorer;
        frame.Flags = SignalFrame.UsualFlags;
        frame.Stack = _alternateStack;
        frame.Save(_thread.Registers);
        frame.ErrorCode = _errorCode;
        frame.TrapNumber = _trapNumber;
        frame.Cr2 = _faultAddress;
        frame.VectorState = vectorState;
        frame.Mask = frame.OldMask = (HasTemporaryMask ? _savedMask : _mask).Bits;
        if (action.Has(SignalAction.HasInfo))
            frame.Info = info;
    }

    private VectorStateLayout Layout()
    {
        if (_layout is null)
        {
            const int alignmentSlack = 64 + 16;
            _layout = new VectorStateLayout(_thread.Vcpu.EnabledVectorState);
            _vectorState = new byte[Math.Max(_thread.Vcpu.VectorStateBytes, _layout.AreaBytes)];
            _frame = new byte[SignalFrame.Bytes + alignmentSlack + _layout.FrameBytes];
        }
        return _layout;
    }

    /// <summary>Raises what the processor would for the next instruction's address, where it is one that the vCPU must not get.</summary>
    private void CheckInstruction(ulong address)
    {
        const int unusedBits = 16;
        const ulong fetchOfKernelPage = 0x15;
        if ((ulong)((long)(address << unusedBits) >> unusedBits) != address)
            RaiseFault(new SignalInfo { Number = SignalNumber.SIGSEGV, Code = SignalCode.Kernel }, ProtectionVector, 0);
        else if ((long)address < 0)
            RaiseFault(SignalInfo.ForFault(SignalNumber.SIGSEGV, SignalCode.NotMapped, address), PageFaultVector, fetchOfKernelPage);
    }
}
