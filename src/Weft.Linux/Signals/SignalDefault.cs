namespace Weft.Linux.Signals;

/// <summary>What a signal does to a process that didn't say otherwise. Source: signal(7).</summary>
internal enum SignalDefault
{
    /// <summary>The process ends, by status 128 + n. Core dumps are not written.</summary>
    Terminate,

    /// <summary>Nothing.</summary>
    Ignore,

    /// <summary>All threads stop until SIGCONT.</summary>
    Stop,
}
