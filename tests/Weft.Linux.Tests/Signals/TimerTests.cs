using Weft.Linux.Time;

namespace Weft.Linux.Tests.Signals;

public sealed class TimerTests
{
    [Theory]
    [InlineData(1, 999_999_999, 0, 1, 2, 0)]
    [InlineData(long.MaxValue, 5, 1, 0, long.MaxValue, 999_999_999)]
    [InlineData(3, 1, 4, 2, 7, 3)]
    public void Times_add_up_and_stop_at_the_farthest(long s1, long n1, long s2, long n2, long s, long n)
    {
        TimeSpec sum = new TimeSpec { Seconds = s1, Nanoseconds = n1 }.Plus(new TimeSpec { Seconds = s2, Nanoseconds = n2 });
        Assert.Equal((s, n), (sum.Seconds, sum.Nanoseconds));
    }

    [Theory]
    [InlineData(1, 5, 2, 4, 0, 999_999_999)]
    [InlineData(2, 5, 2, 4, 0, 0)]
    [InlineData(9, 0, 2, 4, 0, 0)]
    [InlineData(1, 1, 3, 2, 2, 1)]
    public void What_is_left_is_never_negative(long s1, long n1, long s2, long n2, long s, long n)
    {
        TimeSpec left = new TimeSpec { Seconds = s1, Nanoseconds = n1 }.Until(new TimeSpec { Seconds = s2, Nanoseconds = n2 });
        Assert.Equal((s, n), (left.Seconds, left.Nanoseconds));
    }
}
