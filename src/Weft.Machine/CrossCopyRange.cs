namespace Weft.Machine;

/// <summary>Where in the copying code a vCPU is, and so what is left to do when it is taken out of it.</summary>
public enum CrossCopyRange
{
    /// <summary>Elsewhere, or where the program's own faults and signals may come: before and after a copy.</summary>
    Outside,

    /// <summary>About to count itself as a reader.</summary>
    CountingIn,

    /// <summary>Counted as a reader.</summary>
    Counted,

    /// <summary>About to stop being counted, with all copied.</summary>
    CountingDone,

    /// <summary>About to stop being counted, to leave the rest to the system call.</summary>
    CountingLeft,
}
