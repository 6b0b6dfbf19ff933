using System.Runtime.CompilerServices;

namespace Weft.Linux.Signals;

/// <summary>siginfo_t: 128 bytes. Source: asm-generic/siginfo.h.</summary>
public struct SignalInfo
{
    /// <summary>si_signo.</summary>
    public int Number;

    /// <summary>si_errno.</summary>
    public int Error;

    /// <summary>si_code.</summary>
    public int Code;

    private int _padding;

    /// <summary>The first word of the union: si_addr of a fault; si_pid (low) and si_uid (high); si_timerid and si_overrun.</summary>
    public ulong First;

    /// <summary>The second word of the union: si_value of a queued signal or a timer.</summary>
    public ulong Second;

    private Rest _rest;

    /// <summary>A fault at an address.</summary>
    public static SignalInfo ForFault(int signal, int code, ulong address) => new() { Number = signal, Code = code, First = address };

    /// <summary>A signal that a process sent.</summary>
    public static SignalInfo FromProcess(int signal, int code, int processId, int userId) =>
        new() { Number = signal, Code = code, First = (uint)processId | (ulong)(uint)userId << 32 };

    [InlineArray(12)]
    private struct Rest
    {
        private ulong _element;
    }
}
