using System.Buffers.Binary;
using System.Numerics;
using Weft.Machine;

namespace Weft.Linux.Signals;

/// <summary>si_code of SIGFPE from the floating-point status. Source: linux/arch/x86/kernel/fpu/core.c, fpu__exception_code.</summary>
internal static class FloatingPointCause
{
    private const int ControlWordOffset = 0, StatusWordOffset = 2, MxcsrOffset = 24;

    internal static int OfX87(Vcpu vcpu)
    {
        byte[] state = new byte[vcpu.VectorStateBytes];
        vcpu.ReadVectorState(state);
        ushort control = BinaryPrimitives.ReadUInt16LittleEndian(state.AsSpan(ControlWordOffset));
        ushort status = BinaryPrimitives.ReadUInt16LittleEndian(state.AsSpan(StatusWordOffset));
        return CodeOf((uint)(status & ~control));
    }

    internal static int OfSse(Vcpu vcpu)
    {
        byte[] state = new byte[vcpu.VectorStateBytes];
        vcpu.ReadVectorState(state);
        uint mxcsr = BinaryPrimitives.ReadUInt32LittleEndian(state.AsSpan(MxcsrOffset));
        const int maskShift = 7;
        return CodeOf(mxcsr & ~(mxcsr >> maskShift));
    }

    private static int CodeOf(uint exceptions)
    {
        const int divide = 3, overflow = 4, underflow = 5, inexact = 6, invalid = 7;
        // IE, DE, ZE, OE, UE, PE from bit 0 on; a denormal operand counts as underflow.
        return BitOperations.TrailingZeroCount(exceptions & 0x3f) switch
        {
            0 => invalid,
            1 => underflow,
            2 => divide,
            3 => overflow,
            4 => underflow,
            5 => inexact,
            _ => 0,
        };
    }
}
