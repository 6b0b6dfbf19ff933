namespace Weft.Linux;

/// <summary>The ways a system call may take besides an exit, which always serves.</summary>
[Flags]
public enum CallWays
{
    /// <summary>By an exit only: it may block, or changes the calling thread itself.</summary>
    None = 0,

    /// <summary>
    /// By the attendant's thread while the caller spins: never blocks, doesn't touch the vCPU,
    /// doesn't depend on the host thread it runs on.
    /// </summary>
    Attendant = 1,

    /// <summary>A constant of the thread that the stub answers itself.</summary>
    Stub = 2,
}
