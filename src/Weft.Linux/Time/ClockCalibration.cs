namespace Weft.Linux.Time;

/// <summary>
/// Turns samples of the host's clocks into the values of the clock page, such that no reader ever sees
/// CLOCK_MONOTONIC, _RAW or _BOOTTIME step back, and all stay within about a microsecond of the host's.
/// </summary>
/// <remarks>
/// A state machine without threads or clocks of its own; not thread-safe. The page's validity begins short, since the
/// frequency given is only nearly right, and grows with every sample, each of which makes the rate better known, to a
/// second. Where the estimate ran ahead of the host's clock, the guest's runs slower until they meet.
/// Offsets of CLOCK_REALTIME, _BOOTTIME and _TAI follow the host's at the next sample.
/// </remarks>
public sealed class ClockCalibration
{
    /// <summary>Longest validity of a page, in nanoseconds.</summary>
    public const long LongestValidNs = 1_000_000_000;

    /// <summary>Shortest validity of a page, in nanoseconds.</summary>
    public const long ShortestValidNs = 100_000;

    // The page is valid for as long as its rate's error cannot add up to more.
    private const double ErrorBudgetNs = 500;

    private readonly ClockTrack _monotonic;
    private readonly ClockTrack _raw;
    private ClockOffset _realtime, _boottime, _tai;
    private bool _observed;

    /// <summary>A calibration that has seen no sample.</summary>
    /// <param name="tscHz">The TSC's frequency, right to 0.2 %.</param>
    /// <param name="rateError">What that frequency is trusted to, as a fraction of it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A frequency below 10 MHz or above 100 GHz.</exception>
    public ClockCalibration(ulong tscHz, double rateError = ClockTrack.UsualRateError)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tscHz, 10_000_000UL);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(tscHz, 100_000_000_000UL);
        _monotonic = new(1e9 / tscHz, rateError);
        _raw = new(1e9 / tscHz, rateError);
    }

    /// <summary>The TSC's frequency by the host's CLOCK_MONOTONIC, as far as is known.</summary>
    public double TscHz => 1e9 / _monotonic.NsPerTick;

    /// <summary>Takes in a sample. What readers see doesn't change before <see cref="Commit"/>.</summary>
    public void Observe(in ClockSample sample)
    {
        _monotonic.Observe(sample.Monotonic);
        _raw.Observe(sample.Raw);
        var before = sample.Monotonic.Nanoseconds;
        _realtime.Observe(before, sample.RealtimeNs, sample.LaterMonotonicNs);
        _boottime.Observe(before, sample.BoottimeNs, sample.LaterMonotonicNs);
        _tai.Observe(before, sample.TaiNs, sample.LaterMonotonicNs);
        _observed = true;
    }

    /// <summary>The page's next values, beginning at guest TSC <paramref name="tsc"/>.</summary>
    /// <remarks>Preconditions: readers of the values before can have read no TSC beyond <paramref name="tsc"/>, which
    /// the page's seqcount ensures.</remarks>
    /// <exception cref="InvalidOperationException">No sample was taken.</exception>
    public ClockPageValues Commit(ulong tsc)
    {
        if (!_observed)
            throw new InvalidOperationException("A clock page needs a sample first.");
        var rateError = Math.Max(_monotonic.RateError, _raw.RateError);
        var validNs = Math.Clamp(ErrorBudgetNs / rateError, ShortestValidNs, LongestValidNs);
        var validTicks = (ulong)(validNs / _monotonic.NsPerTick);
        var monotonicNs = _monotonic.Commit(tsc, validTicks);
        var rawNs = _raw.Commit(tsc, validTicks);
        return new(tsc, validTicks, _monotonic.Multiplier, _raw.Multiplier, monotonicNs, rawNs,
            monotonicNs + _realtime.Nanoseconds, monotonicNs + _boottime.Nanoseconds, monotonicNs + _tai.Nanoseconds);
    }
}
