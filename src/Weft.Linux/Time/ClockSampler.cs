using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>Reads the host's clocks as tightly as user space can.</summary>
/// <remarks>Not thread-safe: it learns how narrow a window can be.</remarks>
internal sealed class ClockSampler(long tscOffset)
{
    private const int Attempts = 4;

    private ulong _narrowest; // ticks; 0 before the first sample

    /// <summary>The guest's TSC now.</summary>
    public ulong ReadTsc() => HostStubs.Rdtsc() + (ulong)tscOffset;

    /// <summary>The best of a few samples; mostly the first, which is taken when no interrupt fell into it.</summary>
    public ClockSample Take()
    {
        var best = TakeOnce(out var bestWindow);
        for (var i = 1; i < Attempts && (_narrowest == 0 || bestWindow > 2 * _narrowest); i++)
        {
            var next = TakeOnce(out var window);
            if (window >= bestWindow)
                continue;
            best = next;
            bestWindow = window;
        }
        // Grows a little each time, so that one lucky window (or a host that became slower) doesn't cost retries for ever.
        _narrowest = _narrowest == 0 ? bestWindow : Math.Min(bestWindow, _narrowest + _narrowest / 64 + 1);
        return best;
    }

    private ClockSample TakeOnce(out ulong window)
    {
        var start = ReadTsc();
        HostClocks.TryReadClock(ClockPageLayout.Monotonic, out var monotonic);
        var middle = ReadTsc();
        HostClocks.TryReadClock(ClockPageLayout.MonotonicRaw, out var raw);
        var end = ReadTsc();
        HostClocks.TryReadClock(ClockPageLayout.Realtime, out var realtime);
        HostClocks.TryReadClock(ClockPageLayout.Boottime, out var boottime);
        HostClocks.TryReadClock(ClockPageLayout.Tai, out var tai);
        HostClocks.TryReadClock(ClockPageLayout.Monotonic, out var later);
        window = ReadTsc() - start;
        return new(Between(start, middle, monotonic), Between(middle, end, raw), realtime, boottime, tai, later);
    }

    private static ClockReading Between(ulong from, ulong to, long nanoseconds)
    {
        var half = (to - from) / 2;
        return new(from + half, nanoseconds, half);
    }
}
