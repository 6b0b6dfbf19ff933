namespace Weft.Linux.Time;

/// <summary>
/// The distance of a settable clock from CLOCK_MONOTONIC. The host keeps it exactly constant until somebody sets the
/// clock (or it suspends, or a leap second comes), so the first measurement stands until one contradicts it: then the
/// clock steps, and only then.
/// </summary>
internal struct ClockOffset
{
    // Keeps the clock steady when a measurement was disturbed in a way its bounds don't show.
    private const long SlackNs = 250;

    private bool _known;

    /// <summary>Nanoseconds to add to CLOCK_MONOTONIC.</summary>
    public long Nanoseconds { get; private set; }

    /// <summary>Takes in a reading of the clock between two of CLOCK_MONOTONIC.</summary>
    public void Observe(long beforeNs, long clockNs, long afterNs)
    {
        var low = clockNs - afterNs;
        var high = clockNs - beforeNs;
        if (_known && Nanoseconds >= low - SlackNs && Nanoseconds <= high + SlackNs)
            return;
        Nanoseconds = low + (high - low) / 2;
        _known = true;
    }
}
