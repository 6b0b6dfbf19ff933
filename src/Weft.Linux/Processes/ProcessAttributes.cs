namespace Weft.Linux.Processes;

/// <summary>Small settings of a process that only the program reads back.</summary>
/// <remarks>Single words: any thread may read and write them.</remarks>
public sealed class ProcessAttributes
{
    /// <summary>PR_SET_DUMPABLE. Starts at 1, as for a program that its user may debug.</summary>
    public int Dumpable { get; set; } = 1;

    /// <summary>PR_SET_CHILD_SUBREAPER.</summary>
    public bool IsChildSubreaper { get; set; }

    /// <summary>PR_SET_THP_DISABLE.</summary>
    public bool AvoidsLargePages { get; set; }

    /// <summary>personality(2).</summary>
    public uint Personality { get; set; }

    /// <summary>The membarrier commands that the process has registered for, as the bits of their REGISTER commands.</summary>
    internal int RegisteredBarriers { get; set; }
}
