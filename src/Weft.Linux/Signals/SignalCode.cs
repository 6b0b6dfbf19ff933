namespace Weft.Linux.Signals;

/// <summary>si_code values that the VMM itself gives. Source: asm-generic/siginfo.h.</summary>
public static class SignalCode
{
    /// <summary>SI_USER: kill(2).</summary>
    public const int User = 0;

    /// <summary>SI_KERNEL.</summary>
    public const int Kernel = 0x80;

    /// <summary>SI_QUEUE: rt_sigqueueinfo(2).</summary>
    public const int Queue = -1;

    /// <summary>SI_TIMER: a POSIX timer.</summary>
    public const int Timer = -2;

    /// <summary>POLL_IN: the first code of a descriptor that is ready (O_ASYNC); si_band and si_fd follow.</summary>
    public const int FirstPoll = 1;

    /// <summary>POLL_HUP: the last.</summary>
    public const int LastPoll = 6;

    /// <summary>SI_TKILL: tgkill(2).</summary>
    public const int ThreadKill = -6;

    /// <summary>SEGV_MAPERR.</summary>
    public const int NotMapped = 1;

    /// <summary>SEGV_ACCERR.</summary>
    public const int AccessDenied = 2;

    /// <summary>SEGV_BNDERR.</summary>
    public const int BoundsError = 3;

    /// <summary>BUS_ADRALN.</summary>
    public const int Alignment = 1;

    /// <summary>BUS_ADRERR.</summary>
    public const int BusAddress = 2;

    /// <summary>ILL_ILLOPN.</summary>
    public const int IllegalOperand = 2;

    /// <summary>TRAP_TRACE.</summary>
    public const int Trace = 2;

    /// <summary>FPE_INTDIV.</summary>
    public const int IntegerDivide = 1;
}
