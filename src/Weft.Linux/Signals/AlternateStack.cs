using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>stack_t: a thread's alternate signal stack. Source: asm-generic/signal.h (stack_t), linux/kernel/signal.c (do_sigaltstack).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct AlternateStack
{
    private const uint OnStackFlag = 1, DisabledFlag = 2, AutoDisarmFlag = 1u << 31;
    private const ulong SmallestBytes = 2048;

    /// <summary>ss_sp: the lowest byte.</summary>
    internal ulong Base;

    /// <summary>ss_flags as the program gave them.</summary>
    internal uint Flags;

    private uint _padding;

    /// <summary>ss_size.</summary>
    internal ulong Size;

    /// <summary>No alternate stack.</summary>
    internal static AlternateStack None => new() { Flags = DisabledFlag };

    /// <summary>SS_AUTODISARM: forgotten while a handler runs on it.</summary>
    internal readonly bool DisarmsItself => (Flags & AutoDisarmFlag) != 0;

    /// <summary>One past the highest byte: where a handler's stack begins.</summary>
    internal readonly ulong Top => unchecked(Base + Size);

    /// <summary>Whether an address lies in the stack's bounds.</summary>
    internal readonly bool Bounds(ulong stackPointer) => stackPointer > Base && stackPointer - Base <= Size;

    /// <summary>Whether the thread counts as running on it: never with SS_AUTODISARM.</summary>
    internal readonly bool IsUsedBy(ulong stackPointer) => !DisarmsItself && Bounds(stackPointer);

    /// <summary>Whether a handler can be put on it now.</summary>
    internal readonly bool IsFreeFor(ulong stackPointer) => Size != 0 && !IsUsedBy(stackPointer);

    /// <summary>What sigaltstack(2) reports.</summary>
    internal readonly AlternateStack Report(ulong stackPointer) => new()
    {
        Base = Base,
        Size = Size,
        Flags = (Size == 0 ? DisabledFlag : IsUsedBy(stackPointer) ? OnStackFlag : 0) | (Flags & AutoDisarmFlag),
    };

    /// <summary>Takes what a program asks for. Returns EPERM while in use, EINVAL for unknown flags, ENOMEM when too small.</summary>
    internal Errno TrySet(in AlternateStack wanted, ulong stackPointer)
    {
        if (IsUsedBy(stackPointer))
            return Errno.EPERM;
        uint mode = wanted.Flags & ~AutoDisarmFlag;
        if (mode is not (0 or OnStackFlag or DisabledFlag))
            return Errno.EINVAL;
        if (mode == DisabledFlag)
        {
            this = new AlternateStack { Flags = wanted.Flags };
            return Errno.None;
        }
        if (wanted.Size < SmallestBytes)
            return Errno.ENOMEM;
        this = new AlternateStack { Base = wanted.Base, Size = wanted.Size, Flags = wanted.Flags };
        return Errno.None;
    }
}
