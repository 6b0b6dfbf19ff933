using System.Runtime.InteropServices;

namespace Weft.Linux.Time;

/// <summary>struct __kernel_timespec. Source: linux/include/uapi/linux/time_types.h.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    internal long Seconds;
    internal long Nanoseconds;

    /// <summary>Whether Linux takes it as a time to wait.</summary>
    internal readonly bool IsValid => Seconds >= 0 && Nanoseconds is >= 0 and < NanosecondsPerSecond;

    /// <summary>Whether both parts are 0.</summary>
    internal readonly bool IsZero => Seconds == 0 && Nanoseconds == 0;

    /// <summary>A time of so many nanoseconds, at least 0.</summary>
    internal static TimeSpec FromNanoseconds(long nanoseconds) =>
        new() { Seconds = nanoseconds / NanosecondsPerSecond, Nanoseconds = nanoseconds % NanosecondsPerSecond };

    /// <summary>The sum of two valid times; the farthest time when it is too far.</summary>
    internal readonly TimeSpec Plus(TimeSpec other)
    {
        long nanoseconds = Nanoseconds + other.Nanoseconds;
        long carry = nanoseconds >= NanosecondsPerSecond ? 1 : 0;
        Int128 seconds = (Int128)Seconds + other.Seconds + carry;
        return seconds > long.MaxValue
            ? new TimeSpec { Seconds = long.MaxValue, Nanoseconds = NanosecondsPerSecond - 1 }
            : new TimeSpec { Seconds = (long)seconds, Nanoseconds = nanoseconds - carry * NanosecondsPerSecond };
    }

    /// <summary>What is left until a later time; zero when it has passed.</summary>
    internal readonly TimeSpec Until(TimeSpec later)
    {
        long nanoseconds = later.Nanoseconds - Nanoseconds;
        long borrow = nanoseconds < 0 ? 1 : 0;
        long seconds = later.Seconds - Seconds - borrow;
        return seconds < 0 ? default : new TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds + borrow * NanosecondsPerSecond };
    }
}
