using Weft.Linux.Polling;

namespace Weft.Linux.Tests.Polling;

public sealed class TimespecTests
{
    [Fact]
    public void Microseconds_of_a_timeval_carry_into_seconds() =>
        Assert.Equal(new Timespec(3, 500_000_000), Timespec.FromTimeval(1, 2_500_000));

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, -1)]
    [InlineData(long.MinValue, long.MinValue)]
    public void A_negative_timeval_is_refused(long seconds, long microseconds) =>
        Assert.Null(Timespec.FromTimeval(seconds, microseconds));

    [Theory]
    [InlineData(long.MaxValue, 999_999_999)]
    [InlineData(long.MaxValue / 1_000_000_000, 0)]
    public void A_time_beyond_the_clocks_end_is_for_ever(long seconds, long nanoseconds) =>
        Assert.Equal(long.MaxValue, new Timespec(seconds, nanoseconds).Deadline());

    [Fact]
    public void A_timeval_beyond_the_clocks_end_stays_valid() =>
        Assert.True(Timespec.FromTimeval(long.MaxValue, long.MaxValue)!.Value.IsValid);

    [Fact]
    public void What_is_left_after_the_deadline_is_nothing() =>
        Assert.True(Timespec.Until(0).IsZero);

    [Theory]
    [InlineData(0, 1_000_000_000)]
    [InlineData(0, -1)]
    [InlineData(-1, 0)]
    public void Timespecs_out_of_range_are_not_valid(long seconds, long nanoseconds) =>
        Assert.False(new Timespec(seconds, nanoseconds).IsValid);
}
