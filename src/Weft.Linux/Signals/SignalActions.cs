namespace Weft.Linux.Signals;

/// <summary>A process's 64 signal actions.</summary>
/// <remarks>Not thread-safe: the lock of <see cref="ProcessSignals"/> guards it.</remarks>
internal sealed class SignalActions
{
    private readonly SignalAction[] _actions = new SignalAction[SignalNumber.Highest + 1];

    /// <summary>The action of a signal, 1 to 64.</summary>
    internal ref SignalAction this[int signal] => ref _actions[signal];

    /// <summary>Whether the signal would do nothing.</summary>
    internal bool IsIgnored(int signal)
    {
        ulong handler = _actions[signal].Handler;
        return handler == SignalAction.Ignore || (handler == SignalAction.Default && DefaultOf(signal) == SignalDefault.Ignore);
    }

    /// <summary>Whether the signal would end the process.</summary>
    internal bool IsFatal(int signal) =>
        _actions[signal].Handler == SignalAction.Default && DefaultOf(signal) == SignalDefault.Terminate;

    /// <summary>What a signal does by default.</summary>
    internal static SignalDefault DefaultOf(int signal) => signal switch
    {
        SignalNumber.SIGCHLD or SignalNumber.SIGCONT or SignalNumber.SIGURG or SignalNumber.SIGWINCH => SignalDefault.Ignore,
        SignalNumber.SIGSTOP or SignalNumber.SIGTSTP or SignalNumber.SIGTTIN or SignalNumber.SIGTTOU => SignalDefault.Stop,
        _ => SignalDefault.Terminate,
    };
}
