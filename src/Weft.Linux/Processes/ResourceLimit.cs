namespace Weft.Linux.Processes;

/// <summary>struct rlimit64: what holds now, and how far it may be raised. Source: getrlimit(2).</summary>
public readonly record struct ResourceLimit(ulong Soft, ulong Hard)
{
    /// <summary>RLIM_INFINITY.</summary>
    public const ulong Infinity = ulong.MaxValue;
}
