using System.Runtime.InteropServices;
using Weft.Kvm;
using Weft.Machine;

namespace Weft.Linux.Signals;

/// <summary>
/// struct rt_sigframe: what lies on the stack when a handler starts. Source: linux/arch/x86/include/asm/sigframe.h,
/// uapi/asm/sigcontext.h (sigcontext_64), uapi/asm/ucontext.h.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SignalFrame
{
    /// <summary>Size in bytes. The vector state follows at a 64-byte boundary.</summary>
    internal const int Bytes = 440;

    /// <summary>Offset of the ucontext, the handler's third argument.</summary>
    internal const ulong ContextOffset = 8;

    /// <summary>Offset of the siginfo, the handler's second argument.</summary>
    internal const ulong InfoOffset = 312;

    /// <summary>UC_FP_XSTATE, UC_SIGCONTEXT_SS and UC_STRICT_RESTORE_SS.</summary>
    internal const ulong UsualFlags = 7;

    /// <summary>UC_STRICT_RESTORE_SS: SS is taken from the frame.</summary>
    internal const ulong StrictStackSegment = 4;

    // CF PF AF ZF SF TF DF OF RF AC. Source: linux/arch/x86/kernel/signal_64.c, FIX_EFLAGS.
    private const ulong RestoredFlags = 0x50dd5;

    private const ulong RedZoneBytes = 128, VectorAlignment = 64, StackAlignment = 16;

    internal ulong Restorer;
    internal ulong Flags, Link;
    internal AlternateStack Stack;
    internal ulong R8, R9, R10, R11, R12, R13, R14, R15, Rdi, Rsi, Rbp, Rbx, Rdx, Rax, Rcx, Rsp, Rip, Rflags;
    internal ushort Cs, Gs, Fs, Ss;
    internal ulong ErrorCode, TrapNumber, OldMask, Cr2, VectorState;
    private readonly ulong _reserved0, _reserved1, _reserved2, _reserved3, _reserved4, _reserved5, _reserved6, _reserved7;
    internal ulong Mask;
    internal SignalInfo Info;

    /// <summary>Finds where a frame and its vector state go. False when they would leave the alternate stack.</summary>
    internal static bool TryPlace(
        ulong stackPointer, bool wantsAlternateStack, in AlternateStack alternate, ulong vectorBytes, out ulong frame, out ulong vectorState)
    {
        ulong at = unchecked(stackPointer - RedZoneBytes);
        bool onAlternate = alternate.IsUsedBy(stackPointer);
        if (wantsAlternateStack && alternate.IsFreeFor(at))
        {
            at = alternate.Top;
            onAlternate = true;
        }
        vectorState = unchecked(at - vectorBytes) & ~(VectorAlignment - 1);
        // As at a function's entry: 8 bytes below a 16-byte boundary.
        frame = unchecked((vectorState - Bytes & ~(StackAlignment - 1)) - 8);
        return !onAlternate || alternate.Bounds(frame);
    }

    /// <summary>Saves the general registers.</summary>
    internal void Save(in KvmRegisters registers)
    {
        (R8, R9, R10, R11) = (registers.R8, registers.R9, registers.R10, registers.R11);
        (R12, R13, R14, R15) = (registers.R12, registers.R13, registers.R14, registers.R15);
        (Rdi, Rsi, Rbp, Rbx) = (registers.Rdi, registers.Rsi, registers.Rbp, registers.Rbx);
        (Rdx, Rax, Rcx) = (registers.Rdx, registers.Rax, registers.Rcx);
        (Rsp, Rip, Rflags) = (registers.Rsp, registers.Rip, registers.Rflags);
        (Cs, Ss) = (SystemLayout.UserCode, SystemLayout.UserData);
    }

    /// <summary>Loads the general registers, with only those flags that a program may set.</summary>
    internal readonly void Load(ref KvmRegisters registers)
    {
        (registers.R8, registers.R9, registers.R10, registers.R11) = (R8, R9, R10, R11);
        (registers.R12, registers.R13, registers.R14, registers.R15) = (R12, R13, R14, R15);
        (registers.Rdi, registers.Rsi, registers.Rbp, registers.Rbx) = (Rdi, Rsi, Rbp, Rbx);
        (registers.Rdx, registers.Rax, registers.Rcx) = (Rdx, Rax, Rcx);
        (registers.Rsp, registers.Rip) = (Rsp, Rip);
        registers.Rflags = (registers.Rflags & ~RestoredFlags) | (Rflags & RestoredFlags);
    }

    /// <summary>Whether the segments are those of a 64-bit program; others would fault at the return.</summary>
    internal readonly bool HasUsableSegments
    {
        get
        {
            const ushort userPrivilege = 3;
            return (Cs | userPrivilege) == SystemLayout.UserCode
                && ((Flags & StrictStackSegment) == 0 || (Ss | userPrivilege) == SystemLayout.UserData);
        }
    }
}
