using Weft.Native;

namespace Weft.Linux.Signals;

/// <summary>Which calls a signal ends for good. Source: signal(7), "Interruption of system calls and library functions by signal handlers".</summary>
internal static class InterruptedCalls
{
    /// <summary>Calls that give EINTR after a handler also with SA_RESTART.</summary>
    internal static bool NeverRepeatsAfterHandler(SystemCall number) => number is
        SystemCall.Pause or SystemCall.RtSigsuspend or SystemCall.RtSigtimedwait
        or SystemCall.Nanosleep or SystemCall.ClockNanosleep or SystemCall.RestartSyscall
        or SystemCall.Poll or SystemCall.Ppoll or SystemCall.Select or SystemCall.Pselect6
        or SystemCall.EpollWait or SystemCall.EpollPwait or SystemCall.EpollPwait2
        or SystemCall.Semop or SystemCall.Semtimedop or SystemCall.Msgrcv or SystemCall.Msgsnd or SystemCall.IoGetevents;

    /// <summary>Calls with a temporary mask that go on when a signal came that had no handler (stop and continue).</summary>
    internal static bool RepeatsWithoutHandler(SystemCall number) => number is
        SystemCall.RtSigsuspend or SystemCall.Ppoll or SystemCall.Pselect6;
}
