using Weft.Linux.Memory;
using Weft.Linux.Signals;
using Weft.Machine;

namespace Weft.Linux;

public sealed partial class GuestThread
{
    // Vectors. Source: Intel SDM volume 3, table 6-1.
    private const int DivideError = 0, Debug = 1, Breakpoint = 3, Overflow = 4, BoundRange = 5, InvalidOpcode = 6,
        SegmentNotPresent = 11, StackFault = 12, GeneralProtection = 13, PageFault = 14, FloatingPoint = 16, AlignmentCheck = 17, SimdFloatingPoint = 19;

    // Page-fault error code bits. Source: Intel SDM volume 3, 4.7.
    private const ulong FaultWasWrite = 2, FaultWasFetch = 16;

    /// <summary>Turns a processor exception into a mended page or the signal that Linux sends. Source: linux/arch/x86/kernel/traps.c.</summary>
    private void HandleException()
    {
        ulong instruction = Registers.Rip;
        if (Kernel.Group?.Windows is { } windows && PeerWindows.RangeOf(instruction) is not CrossCopyRange.Outside and var range)
        {
            HandleCopyException(windows, range);
            return;
        }
        switch (Vcpu.Vector)
        {
            case PageFault:
                HandlePageFault();
                break;
            case DivideError:
                Raise(SignalNumber.SIGFPE, SignalCode.IntegerDivide, instruction);
                break;
            case Debug:
                Raise(SignalNumber.SIGTRAP, SignalCode.Trace, instruction);
                break;
            case Breakpoint:
                Raise(SignalNumber.SIGTRAP, SignalCode.Kernel, 0);
                break;
            case BoundRange:
                Raise(SignalNumber.SIGSEGV, SignalCode.BoundsError, 0);
                break;
            case InvalidOpcode:
                HandleInvalidOpcode(instruction);
                break;
            case SegmentNotPresent or StackFault:
                Raise(SignalNumber.SIGBUS, SignalCode.Kernel, 0);
                break;
            case FloatingPoint:
                Raise(SignalNumber.SIGFPE, FloatingPointCause.OfX87(Vcpu), instruction);
                break;
            case SimdFloatingPoint:
                Raise(SignalNumber.SIGFPE, FloatingPointCause.OfSse(Vcpu), instruction);
                break;
            case AlignmentCheck:
                Raise(SignalNumber.SIGBUS, SignalCode.Alignment, 0);
                break;
            default:
                Raise(SignalNumber.SIGSEGV, SignalCode.Kernel, 0);
                break;
        }
    }

    /// <summary>An exception in a copy between VMs: mended, or what can't be done is left to the system call.</summary>
    private void HandleCopyException(PeerWindows windows, CrossCopyRange range)
    {
        bool mended = Vcpu.Vector == PageFault && (windows.TryMend(Vcpu.FaultAddress) || (Vcpu.FaultAddress.Value < AddressSpace.End
            && Memory.HandleFault(Vcpu.FaultAddress, (Vcpu.ErrorCode & FaultWasWrite) != 0 ? PageAccess.Write : PageAccess.Read) == FaultOutcome.Mended));
        _statistics.CountFault(FaultOutcome.Mended);
        if (mended)
            return;
        Registers.Rip = PeerWindows.WayOut(range);
        Vcpu.RegistersChanged();
    }

    private void HandlePageFault()
    {
        GuestVirtualAddress address = Vcpu.FaultAddress;
        if (address.Value >= AddressSpace.End)
        {
            _statistics.CountFault(FaultOutcome.NotMapped);
            Raise(SignalNumber.SIGSEGV, SignalCode.NotMapped, address.Value);
            return;
        }
        PageAccess need = (Vcpu.ErrorCode & FaultWasFetch) != 0 ? PageAccess.Execute
            : (Vcpu.ErrorCode & FaultWasWrite) != 0 ? PageAccess.Write : PageAccess.Read;
        FaultOutcome outcome = Memory.HandleFault(address, need);
        _statistics.CountFault(outcome);
        switch (outcome)
        {
            case FaultOutcome.Mended:
                break;
            case FaultOutcome.AccessDenied:
                Raise(SignalNumber.SIGSEGV, SignalCode.AccessDenied, address.Value);
                break;
            case FaultOutcome.OutOfMemory:
                Process.Signals.KillForMemory();
                break;
            default:
                Raise(SignalNumber.SIGSEGV, SignalCode.NotMapped, address.Value);
                break;
        }
    }

    /// <summary>A shadow-paging KVM gives #UD for "int n" with a gate that ring 3 may not use, where hardware gives #GP.</summary>
    private void HandleInvalidOpcode(ulong instruction)
    {
        const byte softwareInterrupt = 0xcd;
        if (Memory.TryRead(new(instruction), out ushort code) && (code & 0xff) == softwareInterrupt)
            Signals.RaiseFault(SignalInfo.ForFault(SignalNumber.SIGSEGV, SignalCode.Kernel, 0), GeneralProtection, GateError(code >> 8));
        else
            Raise(SignalNumber.SIGILL, SignalCode.IllegalOperand, instruction);
    }

    /// <summary>
    /// KVM could not get the page behind an access, and tells no address: beyond the end of a mapped file, or
    /// the host is out of memory. The instruction tells which addresses it uses.
    /// </summary>
    private void HandleMemoryError()
    {
        if (Kernel.Group?.Windows is not null && PeerWindows.RangeOf(Registers.Rip) is not CrossCopyRange.Outside and var range)
        {
            Registers.Rip = PeerWindows.WayOut(range);
            Vcpu.RegistersChanged();
            return;
        }
        GuestVirtualAddress address = MemoryErrorLocator.Find(this) ?? new(Registers.Rip);
        const ulong byUser = 4;
        Signals.RaiseFault(SignalInfo.ForFault(SignalNumber.SIGBUS, SignalCode.BusAddress, address.Value), PageFault, byUser);
    }

    /// <summary>The error code of an interrupt gate that may not be used. Source: Intel SDM volume 3, 6.13.</summary>
    private static ulong GateError(int vector) => (ulong)(uint)vector << 3 | 2;

    private void Raise(int signal, int code, ulong address)
    {
        SignalInfo info = SignalInfo.ForFault(signal, code, address);
        Kernel.Observer?.SignalDelivered(this, info);
        Signals.RaiseFault(info, Vcpu.Vector, Vcpu.ErrorCode);
    }
}
