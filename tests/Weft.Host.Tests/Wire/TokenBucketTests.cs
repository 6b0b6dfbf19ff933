using Weft.Adapter.Wire;

namespace Weft.Host.Tests.Wire;

public sealed class TokenBucketTests
{
    private const long SecondNs = 1_000_000_000;

    [Fact]
    public void A_burst_passes_and_then_the_rate_holds()
    {
        TokenBucket bucket = new(10, 3, 0);
        Assert.Equal([0L, 0, 0], new[] { bucket.Take(1, 0), bucket.Take(1, 0), bucket.Take(1, 0) });
        Assert.Equal(SecondNs / 10, bucket.Take(1, 0));
        Assert.Equal(SecondNs / 10, bucket.Take(1, SecondNs / 10));
    }

    [Fact]
    public void What_is_stored_has_a_bound_and_time_never_runs_back()
    {
        TokenBucket bucket = new(10, 3, 0);
        Assert.Equal(0, bucket.Take(3, 100 * SecondNs));
        Assert.Equal(SecondNs / 10, bucket.Take(1, 50 * SecondNs));
    }

    [Fact]
    public void In_the_long_run_no_more_than_the_rate_passes()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        TokenBucket bucket = new(1000, 50, 0);
        long now = 0;
        double taken = 0;
        while (now < 20 * SecondNs)
        {
            double tokens = random.NextDouble() * 5;
            now += bucket.Take(tokens, now) + random.Next(100_000);
            taken += tokens;
        }
        Assert.True(taken <= 50 + 1000.0 * now / SecondNs + 5, $"seed {seed}: {taken} in {now} ns");
    }
}
