using System.Runtime.InteropServices;

namespace Weft.Linux.Signals;

/// <summary>struct kernel_sigaction: what a process does with a signal. Source: linux/arch/x86/include/uapi/asm/signal.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalAction
{
    /// <summary>SIG_DFL.</summary>
    public const ulong Default = 0;

    /// <summary>SIG_IGN.</summary>
    public const ulong Ignore = 1;

    /// <summary>SA_SIGINFO.</summary>
    public const ulong HasInfo = 4;

    /// <summary>SA_RESTORER.</summary>
    public const ulong HasRestorer = 0x0400_0000;

    /// <summary>SA_ONSTACK.</summary>
    public const ulong OnAlternateStack = 0x0800_0000;

    /// <summary>SA_RESTART.</summary>
    public const ulong RestartsCalls = 0x1000_0000;

    /// <summary>SA_NODEFER.</summary>
    public const ulong LeavesUnblocked = 0x4000_0000;

    /// <summary>SA_RESETHAND.</summary>
    public const ulong ResetsItself = 0x8000_0000;

    /// <summary>All flags that Linux keeps; it clears others: SA_NOCLDSTOP, SA_NOCLDWAIT, SA_EXPOSE_TAGBITS and those above.</summary>
    public const ulong KnownFlags = 0xdc00_0807;

    /// <summary>SIG_DFL, SIG_IGN or the handler's address.</summary>
    public ulong Handler;

    /// <summary>SA_* flags.</summary>
    public ulong Flags;

    /// <summary>Where the handler returns to, with <see cref="HasRestorer"/>.</summary>
    public ulong Restorer;

    /// <summary>Blocked while the handler runs.</summary>
    public ulong Mask;

    /// <summary>Whether a flag is set.</summary>
    public readonly bool Has(ulong flag) => (Flags & flag) != 0;

    /// <summary>Whether the program has a handler.</summary>
    public readonly bool IsHandled => Handler is not (Default or Ignore);
}
