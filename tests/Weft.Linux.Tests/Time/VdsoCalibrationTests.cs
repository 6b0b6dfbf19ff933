using Weft.Linux.Time;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Time;

public sealed class VdsoCalibrationTests(ITestOutputHelper output)
{
    /// <summary>A host whose CLOCK_MONOTONIC runs at a rate that NTP changes, seen through noisy samples.</summary>
    private sealed class SimulatedHost(Random random, double hz, double skewPpm)
    {
        private double _monotonic = 1e12 + random.NextDouble() * 1e13;
        private double _raw = 1e12;

        public ulong Tsc { get; private set; } = (ulong)random.NextInt64(1L << 50);

        public double RatePpm { get; set; } = skewPpm;

        public long RealtimeOffset { get; set; } = 1_700_000_000_000_000_000;

        public long Monotonic => (long)_monotonic;

        public long Raw => (long)_raw;

        public void Advance(double seconds)
        {
            var ticks = (ulong)(seconds * hz);
            Tsc += ticks;
            _raw += ticks / hz * 1e9;
            _monotonic += ticks / hz * 1e9 * (1 + RatePpm / 1e6);
        }

        public ClockSample Sample()
        {
            var monotonic = Read(() => Monotonic);
            var raw = Read(() => Raw);
            var (real, boot, tai) = (Step(RealtimeOffset), Step(5_000_000_000), Step(RealtimeOffset + 37_000_000_000));
            return new(monotonic, raw, real, boot, tai, Step(0));
        }

        public void Jump(double nanoseconds) => _monotonic += nanoseconds;

        private long Step(long offset)
        {
            Advance(random.Next(10, 40) * 1e-9);
            return Monotonic + offset;
        }

        // The clock is read anywhere between the two reads of the counter; sometimes an interrupt widens the window.
        private ClockReading Read(Func<long> clock)
        {
            var before = Tsc;
            var wide = random.Next(50) == 0 ? 5 : 1;
            Advance(random.Next(10, 40) * wide * 1e-9);
            var value = clock();
            Advance(random.Next(10, 40) * wide * 1e-9);
            var half = (Tsc - before) / 2;
            return new(before + half, value, half);
        }
    }

    private sealed class Guest(ClockCalibration calibration)
    {
        private readonly Dictionary<int, long> _last = [];

        public ClockPageValues Page { get; private set; }

        public int Refreshes { get; private set; }

        public void Refresh(SimulatedHost host)
        {
            calibration.Observe(host.Sample());
            host.Advance(1e-7);
            // A reader may read the old page up to the very tick of the new base.
            if (Refreshes > 0 && Page.Covers(host.Tsc))
                ReadAll(host.Tsc);
            Page = calibration.Commit(host.Tsc);
            Refreshes++;
            ReadAll(host.Tsc);
        }

        public long Read(SimulatedHost host)
        {
            if (!Page.Covers(host.Tsc))
                Refresh(host);
            ReadAll(host.Tsc);
            return Page.Read(ClockPageLayout.Monotonic, host.Tsc);
        }

        private void ReadAll(ulong tsc)
        {
            foreach (var clock in (int[])[ClockPageLayout.Monotonic, ClockPageLayout.MonotonicRaw])
            {
                var now = Page.Read(clock, tsc);
                Assert.True(now >= _last.GetValueOrDefault(clock), $"clock {clock}: {_last.GetValueOrDefault(clock) - now} ns back");
                _last[clock] = now;
            }
        }
    }

    [Fact]
    public void Drifting_hosts_are_followed_within_microseconds_and_never_back()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var worst = 0L;
        for (var run = 0; run < 60; run++)
        {
            var random = new Random(seed + run);
            var hz = random.NextDouble() * 4e9 + 5e8;
            var host = new SimulatedHost(random, hz, random.Next(-200, 200));
            var guest = new Guest(new ClockCalibration((ulong)(hz * (1 + (random.NextDouble() - 0.5) * 0.002))));
            guest.Refresh(host);
            for (var step = 0; step < 3000; step++)
            {
                host.Advance(Pause(random));
                if (random.Next(20) == 0)
                    host.RatePpm += random.NextDouble() - 0.5;
                if (random.Next(10) == 0)
                    guest.Refresh(host);
                var error = Math.Abs(guest.Read(host) - host.Monotonic);
                worst = Math.Max(worst, error);
                Assert.True(error < 2500, $"run {run}, step {step}: {error} ns off");
                Assert.InRange(Math.Abs(guest.Page.Read(ClockPageLayout.MonotonicRaw, host.Tsc) - host.Raw), 0, 2500);
            }
        }
        output.WriteLine($"worst {worst} ns");
    }

    [Fact]
    public void A_host_that_slews_hard_is_caught_up_with_within_seconds()
    {
        var random = new Random(5);
        var host = new SimulatedHost(random, 2.3e9, 0);
        var guest = new Guest(new ClockCalibration(2_300_000_000));
        Run(host, guest, 20);
        foreach (var ppm in (double[])[500, -500, 0])
        {
            host.RatePpm = ppm;
            Run(host, guest, 3);
            Assert.InRange(Math.Abs(guest.Read(host) - host.Monotonic), 0, 1000);
        }
    }

    [Theory]
    [InlineData(50_000)]
    [InlineData(-50_000)]
    [InlineData(20_000_000)]
    [InlineData(-20_000_000)]
    [InlineData(3_000_000_000)]
    public void A_jump_of_the_hosts_clock_is_caught_up_with_and_never_back(double jumpNs)
    {
        var host = new SimulatedHost(new Random(6), 2.3e9, 3);
        var guest = new Guest(new ClockCalibration(2_300_000_000));
        Run(host, guest, 20);
        host.Jump(jumpNs);
        Run(host, guest, 6);
        Assert.InRange(Math.Abs(guest.Read(host) - host.Monotonic), 0, 2000);
    }

    [Fact]
    public void The_validity_grows_to_a_second_in_a_few_refreshes()
    {
        var host = new SimulatedHost(new Random(7), 2.3e9, 20);
        var calibration = new ClockCalibration(2_299_000_000);
        var guest = new Guest(calibration);
        guest.Refresh(host);
        Assert.True(guest.Page.ValidForTicks < 2_300_000);
        Run(host, guest, 5);
        Assert.InRange(guest.Refreshes, 5, 25);
        Assert.InRange(guest.Page.ValidForTicks / 2.3e9, 0.99, 1.01);
        Assert.InRange(calibration.TscHz, 2.3e9 * (1 - 21e-6), 2.3e9 * (1 - 19e-6));
    }

    [Fact]
    public void Realtime_follows_a_set_clock_at_the_next_refresh_and_is_steady_otherwise()
    {
        var host = new SimulatedHost(new Random(8), 2.3e9, 20);
        var guest = new Guest(new ClockCalibration(2_300_000_000));
        Run(host, guest, 5);
        var offset = guest.Page.RealtimeNs - guest.Page.MonotonicNs;
        Assert.InRange(offset - host.RealtimeOffset, -300, 300);
        Run(host, guest, 5);
        Assert.Equal(offset, guest.Page.RealtimeNs - guest.Page.MonotonicNs);
        host.RealtimeOffset -= 3_600_000_000_000;
        guest.Refresh(host);
        Assert.InRange(guest.Page.RealtimeNs - guest.Page.MonotonicNs - host.RealtimeOffset, -300, 300);
        Assert.InRange(guest.Page.TaiNs - guest.Page.RealtimeNs, 37_000_000_000 - 300, 37_000_000_000 + 300);
        Assert.InRange(guest.Page.BoottimeNs - guest.Page.MonotonicNs, 5_000_000_000 - 300, 5_000_000_000 + 300);
    }

    [Fact]
    public void A_counter_that_went_back_does_not_take_time_with_it()
    {
        var calibration = new ClockCalibration(1_000_000_000);
        calibration.Observe(SampleAt(5_000_000_000, 5_000_000_000));
        var before = calibration.Commit(5_000_000_000);
        calibration.Observe(SampleAt(1_000, 6_000_000_000));
        var after = calibration.Commit(1_100);
        Assert.True(after.MonotonicNs >= before.Read(ClockPageLayout.Monotonic, before.TscBase + before.ValidForTicks));
        Assert.InRange(after.MonotonicNs, 6_000_000_000, 6_000_010_000);
    }

    [Fact]
    public void Nothing_is_published_before_a_sample()
    {
        Assert.Throws<InvalidOperationException>(() => new ClockCalibration(1_000_000_000).Commit(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClockCalibration(0));
    }

    private static ClockSample SampleAt(ulong tsc, long ns) =>
        new(new(tsc, ns, 20), new(tsc, ns, 20), ns, ns, ns, ns + 100);

    private static void Run(SimulatedHost host, Guest guest, double seconds)
    {
        if (guest.Refreshes == 0)
            guest.Refresh(host);
        for (var t = 0.0; t < seconds; t += 1e-3)
        {
            host.Advance(1e-3);
            guest.Read(host);
        }
    }

    // From a tight loop to a long sleep.
    private static double Pause(Random random) => random.Next(4) switch
    {
        0 => random.NextDouble() * 1e-6,
        1 => random.NextDouble() * 1e-3,
        2 => random.NextDouble() * 0.3,
        _ => random.Next(100) == 0 ? random.NextDouble() * 500 : random.NextDouble() * 2,
    };
}
