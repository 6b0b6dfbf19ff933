namespace Weft.Linux.Time;

/// <summary>
/// Follows one steady clock of the host by the TSC: estimates its rate from readings, and gives lines
/// (base, value, multiplier) that join without ever stepping back.
/// </summary>
/// <remarks>Not thread-safe. Takes no time of its own: it can be simulated.</remarks>
internal sealed class ClockTrack
{
    /// <summary>What a TSC frequency given by CPUID is trusted to, unless the caller knows better: 0.2 %.</summary>
    public const double UsualRateError = 2e-3;

    /// <summary>A measured rate farther than this from the nominal one is a clock that was set or suspended.</summary>
    private const double PlausibleRateError = 1e-2;

    /// <summary>Baselines grow to between one and two of these, so that a change of the host's rate is soon forgotten.</summary>
    private const long AnchorAgeNs = 8_000_000_000;

    private const long GoodBaselineNs = 1_000_000_000;

    /// <summary>Deviation from the prediction that needs no explanation: the host's own rounding and slewing.</summary>
    private const double QuietDeviationNs = 100;

    /// <summary>Behind by more than this, the clock steps forward; by less, it runs faster for a while.</summary>
    private const double StepForwardNs = 1000;

    /// <summary>An error is worked off in this time, or in the line's validity where that is longer.</summary>
    private const double SlewNs = 100_000_000;

    private const double SteepestSlew = 0.1;

    private readonly double _nominalNsPerTick;
    private readonly double _initialRateError;
    private ClockReading _last, _anchor, _nextAnchor;
    private bool _observed, _published;
    private ulong _baseTsc, _validTicks, _multiplier;
    private long _baseNs;

    /// <summary>A track that has seen nothing, with a rate to begin from.</summary>
    public ClockTrack(double nominalNsPerTick, double rateError)
    {
        NsPerTick = _nominalNsPerTick = nominalNsPerTick;
        RateError = _initialRateError = rateError;
    }

    /// <summary>Nanoseconds a tick, as far as is known.</summary>
    public double NsPerTick { get; private set; }

    /// <summary>How far <see cref="NsPerTick"/> may be off, as a fraction of it.</summary>
    public double RateError { get; private set; }

    /// <summary>Nanoseconds a tick of the newest line, in fixed point.</summary>
    public ulong Multiplier => _multiplier;

    /// <summary>Takes in a new reading of the host's clock.</summary>
    public void Observe(ClockReading reading)
    {
        var ticks = (long)(reading.Tsc - _last.Tsc);
        if (!_observed || ticks <= 0)
            Restart(reading);
        else
            Continue(reading, ticks);
        _last = reading;
        _observed = true;
    }

    private void Restart(ClockReading reading)
    {
        _anchor = _nextAnchor = reading;
        RateError = _initialRateError;
    }

    private void Continue(ClockReading reading, long ticks)
    {
        var elapsedNs = ticks * NsPerTick;
        var deviation = Math.Abs(reading.Nanoseconds - _last.Nanoseconds - elapsedNs);
        var changed = deviation > ErrorNs(reading) + ErrorNs(_last) + elapsedNs * RateError + QuietDeviationNs;
        if (changed)
            _anchor = _nextAnchor = _last; // what came before is no guide to the host's new rate
        var baselineNs = reading.Nanoseconds - _anchor.Nanoseconds;
        var rate = baselineNs / (double)(reading.Tsc - _anchor.Tsc);
        if (Math.Abs(rate / _nominalNsPerTick - 1) > PlausibleRateError)
        {
            if (baselineNs > GoodBaselineNs || baselineNs < 0)
                Restart(reading);
            return;
        }
        var rateError = (ErrorNs(reading) + ErrorNs(_anchor)) / baselineNs;
        if (changed)
            AdoptAfterChange(rate, rateError, deviation / elapsedNs);
        else if (rateError < RateError || baselineNs > GoodBaselineNs)
            (NsPerTick, RateError) = (rate, rateError);
        if (reading.ErrorTicks < _anchor.ErrorTicks / 4)
            _anchor = _nextAnchor = reading; // an anchor taken in a bad moment would blur every rate for seconds
        else if (reading.Nanoseconds - _nextAnchor.Nanoseconds >= AnchorAgeNs)
        {
            _anchor = _nextAnchor;
            _nextAnchor = reading;
        }
    }

    // A rate that changed once may change again: the more it did, the sooner to look.
    private void AdoptAfterChange(double rate, double rateError, double change)
    {
        if (rateError <= _initialRateError)
            NsPerTick = rate;
        RateError = Math.Min(Math.Max(rateError, change), _initialRateError);
    }

    /// <summary>Begins a new line at <paramref name="tsc"/> and returns its value there.</summary>
    /// <remarks>Preconditions: a reading was taken; no reader of the line before has, or will have, a TSC beyond
    /// <paramref name="tsc"/> or beyond that line's validity.</remarks>
    public long Commit(ulong tsc, ulong validTicks)
    {
        var target = _last.Nanoseconds + (long)((long)(tsc - _last.Tsc) * NsPerTick);
        var slope = NsPerTick;
        var value = target;
        if (_published)
        {
            var expired = tsc - _baseTsc > _validTicks;
            var seen = _baseNs + ClockPageValues.Scale(expired ? _validTicks : tsc - _baseTsc, _multiplier);
            double behind = target - seen;
            if (behind < 0 || !expired && behind <= StepForwardNs)
            {
                value = seen;
                var correction = behind / Math.Max(SlewNs, validTicks * NsPerTick);
                slope *= 1 + Math.Clamp(correction, -SteepestSlew, SteepestSlew);
            }
        }
        _published = true;
        _baseTsc = tsc;
        _validTicks = validTicks;
        _multiplier = (ulong)(slope * (1UL << ClockPageLayout.MultiplierShift));
        return _baseNs = value;
    }

    private double ErrorNs(ClockReading reading) => reading.ErrorTicks * NsPerTick + 1;
}
