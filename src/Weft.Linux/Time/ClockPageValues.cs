namespace Weft.Linux.Time;

/// <summary>What the clock page says from one refresh to the next.</summary>
/// <param name="TscBase">Guest TSC at which the values hold.</param>
/// <param name="ValidForTicks">Ticks after the base through which they may be used.</param>
/// <param name="MonotonicMultiplier">Nanoseconds a tick of all clocks but the raw one, in the page's fixed point.</param>
/// <param name="RawMultiplier">Nanoseconds a tick of CLOCK_MONOTONIC_RAW, in the page's fixed point.</param>
/// <param name="MonotonicNs">CLOCK_MONOTONIC at the base.</param>
/// <param name="RawNs">CLOCK_MONOTONIC_RAW at the base.</param>
/// <param name="RealtimeNs">CLOCK_REALTIME at the base.</param>
/// <param name="BoottimeNs">CLOCK_BOOTTIME at the base.</param>
/// <param name="TaiNs">CLOCK_TAI at the base.</param>
public readonly record struct ClockPageValues(
    ulong TscBase, ulong ValidForTicks, ulong MonotonicMultiplier, ulong RawMultiplier,
    long MonotonicNs, long RawNs, long RealtimeNs, long BoottimeNs, long TaiNs)
{
    /// <summary>True when a reader with this TSC may use the values, as the vDSO decides it.</summary>
    public bool Covers(ulong tsc) => tsc - TscBase <= ValidForTicks;

    /// <summary>The clock at a TSC, computed as the vDSO computes it.</summary>
    /// <remarks>Preconditions: <see cref="ClockPageLayout.Serves"/> the clock, and <see cref="Covers"/> the TSC.</remarks>
    public long Read(int clockId, ulong tsc)
    {
        var multiplier = clockId == ClockPageLayout.MonotonicRaw ? RawMultiplier : MonotonicMultiplier;
        return BaseOf(clockId) + Scale(tsc - TscBase, multiplier);
    }

    /// <summary>The clock at <see cref="TscBase"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The page doesn't serve that clock.</exception>
    public long BaseOf(int clockId) => clockId switch
    {
        ClockPageLayout.Realtime or ClockPageLayout.RealtimeCoarse => RealtimeNs,
        ClockPageLayout.Monotonic or ClockPageLayout.MonotonicCoarse => MonotonicNs,
        ClockPageLayout.MonotonicRaw => RawNs,
        ClockPageLayout.Boottime => BoottimeNs,
        ClockPageLayout.Tai => TaiNs,
        _ => throw new ArgumentOutOfRangeException(nameof(clockId), clockId, "not a clock of the page"),
    };

    /// <summary>Ticks times a multiplier, in nanoseconds, rounded down.</summary>
    internal static long Scale(ulong ticks, ulong multiplier)
    {
        var high = Math.BigMul(ticks, multiplier, out var low);
        return (long)(high << 64 - ClockPageLayout.MultiplierShift | low >> ClockPageLayout.MultiplierShift);
    }
}
