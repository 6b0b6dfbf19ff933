using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Weft.Linux.Polling;

/// <summary>struct timespec as a length of time. Source: timespec(3type).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Timespec(long Seconds, long Nanoseconds)
{
    internal const long NanosecondsASecond = 1_000_000_000;
    private const long MicrosecondsASecond = 1_000_000, NanosecondsAMicrosecond = 1000;

    /// <summary>What Linux accepts as a timeout.</summary>
    internal bool IsValid => Seconds >= 0 && (ulong)Nanoseconds < NanosecondsASecond;

    internal bool IsZero => (Seconds | Nanoseconds) == 0;

    internal static Timespec FromMilliseconds(int milliseconds) =>
        new(milliseconds / 1000, milliseconds % 1000 * 1_000_000L);

    /// <summary>A struct timeval of select(2), whose microseconds may be more than a second. Null when negative.</summary>
    internal static Timespec? FromTimeval(long seconds, long microseconds)
    {
        long carried = microseconds / MicrosecondsASecond;
        if (seconds < 0 || microseconds < 0)
            return null;
        // A time beyond the clock's end is for ever, as in timespec64_add_safe.
        seconds = seconds > long.MaxValue - carried ? long.MaxValue : seconds + carried;
        return new Timespec(seconds, microseconds % MicrosecondsASecond * NanosecondsAMicrosecond);
    }

    /// <summary>The host's clock reading at which the time is over; long.MaxValue when that is beyond its end.</summary>
    internal long Deadline()
    {
        long now = Now();
        long most = (long.MaxValue - now) / NanosecondsASecond - 1;
        return Seconds >= most ? long.MaxValue : now + Seconds * NanosecondsASecond + Nanoseconds;
    }

    /// <summary>What is left until a deadline; zero after it.</summary>
    internal static Timespec Until(long deadline)
    {
        long left = Math.Max(deadline - Now(), 0);
        return new Timespec(left / NanosecondsASecond, left % NanosecondsASecond);
    }

    // Stopwatch reads CLOCK_MONOTONIC, in nanoseconds on Linux.
    private static long Now() => Stopwatch.GetTimestamp();
}
