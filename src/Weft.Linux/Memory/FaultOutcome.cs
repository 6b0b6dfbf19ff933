namespace Weft.Linux.Memory;

/// <summary>What became of a page fault.</summary>
public enum FaultOutcome
{
    /// <summary>The page is there now: run on.</summary>
    Mended,

    /// <summary>Nothing is mapped there: SIGSEGV with SEGV_MAPERR.</summary>
    NotMapped,

    /// <summary>The mapping forbids it: SIGSEGV with SEGV_ACCERR.</summary>
    AccessDenied,

    /// <summary>The memory limit is reached: the program is killed as by a cgroup's.</summary>
    OutOfMemory,
}
