using System.Globalization;
using Weft.Linux.Signals;

namespace Weft.Vm.Trace;

/// <summary>Signals and their codes by name. Source: signal(7), sigaction(2).</summary>
public static class SignalNames
{
    private static readonly string[] Standard =
    [
        "0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
        "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>The name: SIGSEGV, SIGRT_3.</summary>
    public static string Of(int signal) =>
        (uint)signal < (uint)Standard.Length ? Standard[signal]
        : signal is >= SignalNumber.FirstRealTime and <= SignalNumber.Highest
            ? "SIGRT_" + (signal - SignalNumber.FirstRealTime).ToString(CultureInfo.InvariantCulture)
            : signal.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name of si_code.</summary>
    public static string Code(int signal, int code) => (signal, code) switch
    {
        (_, SignalCode.User) => "SI_USER",
        (_, SignalCode.Kernel) => "SI_KERNEL",
        (_, SignalCode.Queue) => "SI_QUEUE",
        (_, SignalCode.Timer) => "SI_TIMER",
        (_, SignalCode.ThreadKill) => "SI_TKILL",
        (SignalNumber.SIGSEGV, 1) => "SEGV_MAPERR",
        (SignalNumber.SIGSEGV, 2) => "SEGV_ACCERR",
        (SignalNumber.SIGSEGV, 3) => "SEGV_BNDERR",
        (SignalNumber.SIGSEGV, 4) => "SEGV_PKUERR",
        (SignalNumber.SIGBUS, 1) => "BUS_ADRALN",
        (SignalNumber.SIGBUS, 2) => "BUS_ADRERR",
        (SignalNumber.SIGBUS, 3) => "BUS_OBJERR",
        (SignalNumber.SIGILL, 1) => "ILL_ILLOPC",
        (SignalNumber.SIGILL, 2) => "ILL_ILLOPN",
        (SignalNumber.SIGTRAP, 1) => "TRAP_BRKPT",
        (SignalNumber.SIGTRAP, 2) => "TRAP_TRACE",
        (SignalNumber.SIGFPE, 1) => "FPE_INTDIV",
        (SignalNumber.SIGFPE, 2) => "FPE_INTOVF",
        (SignalNumber.SIGFPE, 3) => "FPE_FLTDIV",
        (SignalNumber.SIGFPE, 4) => "FPE_FLTOVF",
        (SignalNumber.SIGFPE, 5) => "FPE_FLTUND",
        (SignalNumber.SIGFPE, 6) => "FPE_FLTRES",
        (SignalNumber.SIGFPE, 7) => "FPE_FLTINV",
        (SignalNumber.SIGCHLD, 1) => "CLD_EXITED",
        (SignalNumber.SIGCHLD, 2) => "CLD_KILLED",
        _ => code.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Whether the siginfo tells an address.</summary>
    public static bool IsFault(int signal) =>
        signal is SignalNumber.SIGSEGV or SignalNumber.SIGBUS or SignalNumber.SIGILL or SignalNumber.SIGFPE or SignalNumber.SIGTRAP;
}
