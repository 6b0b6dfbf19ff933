using System.Numerics;

namespace Weft.Linux.Signals;

/// <summary>A set of signals: sigset_t of the kernel, bit n-1 for signal n.</summary>
/// <param name="Bits">The 64 bits.</param>
public readonly record struct SignalSet(ulong Bits)
{
    /// <summary>Bytes of the kernel's sigset_t, which every rt_ call must name.</summary>
    public const ulong Bytes = sizeof(ulong);

    /// <summary>SIGKILL and SIGSTOP, which nothing blocks, catches or ignores.</summary>
    public static SignalSet Unblockable => Of(SignalNumber.SIGKILL) | Of(SignalNumber.SIGSTOP);

    /// <summary>The signals that stop a process unless handled.</summary>
    public static SignalSet Stopping =>
        Of(SignalNumber.SIGSTOP) | Of(SignalNumber.SIGTSTP) | Of(SignalNumber.SIGTTIN) | Of(SignalNumber.SIGTTOU);

    /// <summary>The signals that faults raise; they are taken before others. Source: linux/kernel/signal.c, SYNCHRONOUS_MASK.</summary>
    public static SignalSet Synchronous =>
        Of(SignalNumber.SIGSEGV) | Of(SignalNumber.SIGBUS) | Of(SignalNumber.SIGILL) | Of(SignalNumber.SIGTRAP)
        | Of(SignalNumber.SIGFPE) | Of(SignalNumber.SIGSYS);

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>The lowest signal in it; 65 when it is empty.</summary>
    public int Lowest => BitOperations.TrailingZeroCount(Bits) + 1;

    /// <summary>A set of one signal, 1 to 64.</summary>
    public static SignalSet Of(int signal) => new(1UL << (signal - 1));

    /// <summary>Whether a signal, 1 to 64, is in it.</summary>
    public bool Contains(int signal) => (Bits >> (signal - 1) & 1) != 0;

    /// <summary>What is in either.</summary>
    public static SignalSet operator |(SignalSet left, SignalSet right) => new(left.Bits | right.Bits);

    /// <summary>What is in both.</summary>
    public static SignalSet operator &(SignalSet left, SignalSet right) => new(left.Bits & right.Bits);

    /// <summary>What is not in it.</summary>
    public static SignalSet operator ~(SignalSet set) => new(~set.Bits);

    /// <summary>The first without what is in the second.</summary>
    public static SignalSet operator -(SignalSet left, SignalSet right) => new(left.Bits & ~right.Bits);
}
