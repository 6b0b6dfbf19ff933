using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Weft.Native;

/// <summary>How long the calling thread spent in the host's kernel, counted only while somebody asks (--trace).</summary>
public static class HostTime
{
    [ThreadStatic]
    private static long t_ticks;

    /// <summary>Whether system calls of the VMM are timed. Set before the VM's threads start; off it costs a load and a branch.</summary>
    public static bool IsMeasured { get; set; }

    /// <summary>The calling thread's sum, in <see cref="Stopwatch"/> ticks.</summary>
    public static long Ticks => t_ticks;

    /// <summary>Adds what passed since a time stamp; hands the call's result on.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long Add(long since, long result)
    {
        t_ticks += Stopwatch.GetTimestamp() - since;
        return result;
    }
}
