namespace Weft.Linux.Time;

/// <summary>One clock of the host, read between two reads of the time-stamp counter.</summary>
/// <param name="Tsc">Guest TSC in the middle of the two reads.</param>
/// <param name="Nanoseconds">What the clock said.</param>
/// <param name="ErrorTicks">Half the distance of the two reads: the clock was read within ± this of <paramref name="Tsc"/>.</param>
public readonly record struct ClockReading(ulong Tsc, long Nanoseconds, ulong ErrorTicks);

/// <summary>The host's clocks, read at one moment as nearly as can be.</summary>
/// <param name="Monotonic">CLOCK_MONOTONIC.</param>
/// <param name="Raw">CLOCK_MONOTONIC_RAW.</param>
/// <param name="RealtimeNs">CLOCK_REALTIME, read after <paramref name="Monotonic"/>.</param>
/// <param name="BoottimeNs">CLOCK_BOOTTIME, read after <paramref name="Monotonic"/>.</param>
/// <param name="TaiNs">CLOCK_TAI, read after <paramref name="Monotonic"/>.</param>
/// <param name="LaterMonotonicNs">CLOCK_MONOTONIC again, read after all of them.</param>
public readonly record struct ClockSample(
    ClockReading Monotonic, ClockReading Raw, long RealtimeNs, long BoottimeNs, long TaiNs, long LaterMonotonicNs);
