using System.Runtime.InteropServices;

namespace Weft.Native;

/// <summary>The host's clocks at the price that user space pays for them: through the host's vDSO.</summary>
/// <remarks>Every member may be called from any thread and never blocks.</remarks>
public static unsafe partial class HostClocks
{
    /// <summary>The host's clock <paramref name="clockId"/> (CLOCK_MONOTONIC is 1), in nanoseconds.</summary>
    /// <returns>False when the host's kernel doesn't know the clock; <paramref name="nanoseconds"/> is then 0.</returns>
    /// <remarks>Source: clock_gettime(2). Costs what the host's own vDSO costs where it serves the clock.</remarks>
    public static bool TryReadClock(int clockId, out long nanoseconds)
    {
        Timespec time;
        // SAFETY: the kernel or its vDSO writes 16 bytes to a local of that size.
        var known = ClockGetTime(clockId, &time) == 0;
        nanoseconds = known ? time.Seconds * 1_000_000_000 + time.Nanoseconds : 0;
        return known;
    }

    /// <summary>What the host's kernel calls the resolution of clock <paramref name="clockId"/>, in nanoseconds;
    /// 0 when it doesn't know the clock.</summary>
    /// <remarks>Source: clock_getres(2).</remarks>
    public static long ReadClockResolution(int clockId)
    {
        Timespec time;
        // SAFETY: as in TryReadClock.
        return ClockGetResolution(clockId, &time) == 0 ? time.Seconds * 1_000_000_000 + time.Nanoseconds : 0;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int ClockGetTime(int clockId, Timespec* time);

    [LibraryImport("libc", EntryPoint = "clock_getres")]
    private static partial int ClockGetResolution(int clockId, Timespec* time);

    // Source: struct timespec of the x86-64 psABI.
    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
