namespace Weft.Linux.Signals;

/// <summary>Signal numbers of x86-64 Linux. Source: asm/signal.h.</summary>
public static class SignalNumber
{
#pragma warning disable CS1591 // Names are POSIX's.
    public const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8,
        SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGSTKFLT = 16,
        SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXCPU = 24,
        SIGXFSZ = 25, SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGIO = 29, SIGPWR = 30, SIGSYS = 31;
#pragma warning restore CS1591

    /// <summary>The first real-time signal.</summary>
    public const int FirstRealTime = 32;

    /// <summary>The highest signal.</summary>
    public const int Highest = 64;
}
