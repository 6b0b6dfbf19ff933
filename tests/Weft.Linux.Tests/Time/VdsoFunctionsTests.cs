using System.Diagnostics;
using Weft.Linux.Time;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Time;

public sealed class VdsoFunctionsTests(ITestOutputHelper output) : IDisposable
{
    private const long ToleranceNs = 50_000;
    private const int Attempts = 20;

    private readonly VdsoMapping _vdso = new();

    public void Dispose() => _vdso.Dispose();

    private ClockPage NewPage(int cpuCount = 4096) => new(_vdso.Page, ClockPageTsc.MeasureHz(), cpuCount);

    /// <summary>Clocks of the page, and the host's clock that each is compared with.</summary>
    public static TheoryData<int, int> Clocks => new()
    {
        { 0, 0 }, { 1, 1 }, { 4, 4 }, { 5, 0 }, { 6, 1 }, { 7, 7 }, { 11, 11 },
    };

    [Theory]
    [MemberData(nameof(Clocks))]
    public void Each_clock_of_the_page_agrees_with_the_host(int clock, int hostClock)
    {
        var page = NewPage();
        for (var round = 0; round < 200; round++)
        {
            if (round % 10 == 0)
                page.Refresh();
            Between(() => VdsoMapping.HostClock(hostClock), () =>
            {
                page.TryRead(clock, out _); // refreshes a stale page, or the kernel's coarse clocks would answer
                Assert.Equal(0, _vdso.ClockGetTime(clock, out var ns));
                return ns;
            }, ToleranceNs);
        }
    }

    [Fact]
    public void Every_clock_id_gets_the_kernels_answer()
    {
        NewPage();
        int[] extremes = [int.MinValue, int.MaxValue, -2, -6, 12, 31, 32, 33, 64, 1 << 20, ~Environment.ProcessId << 3 | 2];
        foreach (var clock in Enumerable.Range(-10, 50).Concat(extremes))
        {
            var expected = VdsoMapping.KernelClock(228, clock, out var before);
            Assert.Equal(expected, _vdso.ClockGetTime(clock, out var ours));
            Assert.Equal(expected, VdsoMapping.KernelClock(228, clock, out var after));
            if (expected != 0)
                Assert.Equal(0, ours);
            // Ours are as fine as the fine clocks, so a coarse one may run ahead of the kernel's last tick.
            else if (clock is not (5 or 6))
                Assert.InRange(ours, before - ToleranceNs, after + ToleranceNs);

            Assert.Equal(VdsoMapping.KernelClock(229, clock, out var resolution), _vdso.ClockGetResolution(clock, out var ourResolution));
            Assert.Equal(resolution, ourResolution);
            Assert.Equal(VdsoMapping.KernelClock(229, clock, out _), _vdso.ClockGetResolutionWithoutPointer(clock));
        }
    }

    [Fact]
    public void Time_and_gettimeofday_agree_with_the_host()
    {
        NewPage();
        Between(() => VdsoMapping.HostClock(0) / 1000, () =>
        {
            Assert.Equal(0, _vdso.GetTimeOfDay(out var us));
            return us;
        }, ToleranceNs / 1000);
        Between(() => VdsoMapping.HostClock(0) / 1_000_000_000, () =>
        {
            var seconds = _vdso.Time(out var stored);
            Assert.Equal(seconds, stored);
            return seconds;
        }, 0);
        Between(() => VdsoMapping.HostClock(0) / 1_000_000_000, _vdso.TimeWithoutPointer, 0);
    }

    [Fact]
    public void Null_pointers_are_what_they_are_to_the_kernel()
    {
        NewPage();
        Assert.Equal(0, _vdso.GetTimeOfDayWithoutPointers());
        Assert.Equal(0, _vdso.GetTimeOfDayWithoutTime(out var zone));
        Assert.NotEqual((-1, -1), zone);
        Assert.Equal((0, 0, 0), _vdso.GetCpuWithMissingPointers());
    }

    [Theory]
    [InlineData(0L, 0L)]
    [InlineData(999_999_999L, 0L)]
    [InlineData(1_000_000_000L, 0L)]
    [InlineData(1_999_999_999L, 1L)]
    [InlineData(4_294_967_296_999_999_999L, 0L)]
    [InlineData(long.MaxValue - 1, 0L)]
    public void Seconds_and_nanoseconds_split_exactly(long baseNs, long added)
    {
        FreezeAt(baseNs + added);
        Assert.Equal(0, _vdso.ClockGetTime(1, out var ns));
        Assert.Equal(baseNs + added, ns);
        FreezeAt(baseNs + added);
        Assert.Equal(0, _vdso.GetTimeOfDay(out var us));
        Assert.Equal((baseNs + added) / 1000, us);
        Assert.Equal((baseNs + added) / 1_000_000_000, _vdso.TimeWithoutPointer());
    }

    [Fact]
    public void A_stale_page_falls_back_to_the_system_call()
    {
        FreezeAt(5);
        _vdso.PageField(ClockPageLayout.ValidForTicks) = 0;
        FallsBack();
    }

    [Fact]
    public void A_counter_below_the_base_falls_back_to_the_system_call()
    {
        FreezeAt(5);
        _vdso.PageField(ClockPageLayout.TscBase) = Weft.Native.HostStubs.Rdtsc() + (1UL << 40);
        _vdso.PageField(ClockPageLayout.ValidForTicks) = 1UL << 41;
        FallsBack();
    }

    [Fact]
    public void A_writer_that_never_finishes_costs_a_system_call_and_no_hang()
    {
        FreezeAt(5);
        _vdso.PageWord(ClockPageLayout.Sequence) = 7;
        FallsBack();
    }

    [Fact]
    public void An_unsteady_counter_makes_every_clock_a_system_call()
    {
        var page = new ClockPage(_vdso.Page, 2_000_000_000, 1, tscIsSteady: false);
        page.Refresh();
        FallsBack();
        Between(() => VdsoMapping.HostClock(1), () =>
        {
            Assert.True(page.TryRead(1, out var ns));
            return ns;
        }, 0);
    }

    [Fact]
    public void Getcpu_tells_the_processor_modulo_the_guests_count()
    {
        NewPage();
        var matched = 0;
        for (var i = 0; i < Attempts; i++)
        {
            var before = VdsoMapping.HostCpu();
            Assert.Equal(0, _vdso.GetCpu(out var cpu, out var node));
            Assert.Equal(0u, node);
            if (cpu == before)
                matched++;
        }
        Assert.True(matched > 0);
        _vdso.PageWord(ClockPageLayout.CpuCount) = 1;
        Assert.Equal(0, _vdso.GetCpu(out var only, out _));
        Assert.Equal(0u, only);
        _vdso.PageWord(ClockPageLayout.CpuCount) = 0;
        Assert.Equal(0, _vdso.GetCpu(out var fromKernel, out _));
        Assert.InRange(fromKernel, 0u, (uint)Environment.ProcessorCount + 1024);
    }

    [Fact]
    public void The_writer_and_the_vdso_never_disagree_on_the_order_of_time()
    {
        var page = NewPage();
        long last = 0;
        for (var i = 0; i < 20_000; i++)
        {
            Assert.True(page.TryRead(1, out var written));
            Assert.True(written >= last, $"{last - written} ns back");
            if (i % 100 == 0)
                page.Refresh();
            if (Weft.Native.HostStubs.Rdtsc() > page.StaleAtTsc - 100_000)
                page.Refresh();
            _vdso.ClockGetTime(1, out last);
            Assert.True(last >= written, $"{written - last} ns back");
        }
        Assert.False(page.TryRead(2, out _));
        Assert.False(page.TryRead(-1, out _));
    }

    [Fact]
    public void Time_never_steps_back_between_threads_under_refreshes()
    {
        const int calls = 1_000_000;
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        using var vdso = new VdsoMapping(catchFallback: true);
        var page = new ClockPage(vdso.Page, ClockPageTsc.MeasureHz(), 1);
        long latest = 0, worst = 0, calledBack = 0;
        var running = 2;
        var refreshes = 0;
        var readers = new[] { new Thread(Read), new Thread(Read) };
        foreach (var reader in readers)
            reader.Start();
        var random = new Random(seed);
        while (Volatile.Read(ref running) > 0)
        {
            page.Refresh();
            refreshes++;
            Thread.SpinWait(random.Next(2000));
        }
        foreach (var reader in readers)
            reader.Join();
        output.WriteLine($"{refreshes} refreshes, {calledBack} fell back");
        Assert.Equal(0, worst);
        Assert.True(refreshes > 10);

        void Read()
        {
            for (var i = 0; i < calls / 2; i++)
            {
                // What another thread has published is the past of whoever reads it.
                var seen = Volatile.Read(ref latest);
                // In a VM a system call comes here when the page is stale or its writer has lost the processor.
                if (vdso.ClockGetTime(1, out var now) == VdsoMapping.FellBack)
                {
                    Interlocked.Increment(ref calledBack);
                    page.TryRead(1, out now);
                }
                if (now < seen)
                    Interlocked.Exchange(ref worst, seen - now);
                for (var known = seen; now > known;)
                {
                    var found = Interlocked.CompareExchange(ref latest, now, known);
                    if (found == known)
                        break;
                    known = found;
                }
            }
            Interlocked.Decrement(ref running);
        }
    }

    [Fact]
    public void The_page_stays_near_the_host_for_seconds()
    {
        var page = NewPage();
        var watch = Stopwatch.StartNew();
        var misses = new List<long>();
        var stale = 0;
        while (watch.ElapsedMilliseconds < 2500)
        {
            Thread.Sleep(1);
            if (Weft.Native.HostStubs.Rdtsc() > page.StaleAtTsc)
            {
                page.TryRead(1, out _);
                stale++;
            }
            var before = VdsoMapping.HostClock(1);
            _vdso.ClockGetTime(1, out var ours);
            var after = VdsoMapping.HostClock(1);
            misses.Add(ours < before ? before - ours : ours > after ? ours - after : 0);
        }
        misses.Sort();
        output.WriteLine($"{misses.Count} readings, {stale} refreshes, TSC {page.TscHz / 1e6:F4} MHz; "
            + $"miss p50 {misses[misses.Count / 2]}, p99 {misses[misses.Count * 99 / 100]}, max {misses[^1]} ns");
        Assert.InRange(misses[misses.Count * 9 / 10], 0, 2000);
        Assert.InRange(stale, 1, 40);
    }

    [Fact]
    public void Cost_of_a_call_is_reported()
    {
        var page = NewPage();
        for (var i = 0; i < 3; i++)
        {
            Thread.Sleep(20);
            page.Refresh();
        }
        double ours = double.MaxValue, host = double.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            page.Refresh();
            var (a, b) = _vdso.Measure(20_000);
            (ours, host) = (Math.Min(ours, a), Math.Min(host, b));
        }
        var from = VdsoMapping.HostClock(1);
        for (var i = 0; i < 10_000; i++)
            page.Refresh();
        var refresh = (VdsoMapping.HostClock(1) - from) / 10_000.0;
        output.WriteLine($"clock_gettime {ours:F1} ns, host's vDSO {host:F1} ns; refresh {refresh:F0} ns; "
            + $"valid for {_vdso.PageField(ClockPageLayout.ValidForTicks) / 1e6:F1} million ticks");
        Assert.InRange(ours, 1, 2 * host + 100);
    }

    // Virtual time stands still: the multiplier is 0, so every call gives the base.
    private void FreezeAt(long ns)
    {
        _vdso.PageField(ClockPageLayout.TscBase) = 0;
        _vdso.PageField(ClockPageLayout.ValidForTicks) = ulong.MaxValue;
        for (var clock = 0; clock <= ClockPageLayout.LastClock; clock++)
        {
            _vdso.PageField(ClockPageLayout.EntryOf(clock) + ClockPageLayout.ClockBaseNs) = (ulong)ns;
            _vdso.PageField(ClockPageLayout.EntryOf(clock) + ClockPageLayout.ClockMultiplier) = 0;
        }
    }

    private void FallsBack()
    {
        foreach (var clock in (int[])[0, 1, 4, 7, 11])
        {
            Between(() => VdsoMapping.HostClock(clock), () =>
            {
                Assert.Equal(0, _vdso.ClockGetTime(clock, out var ns));
                return ns;
            }, 0);
        }
        Between(() => VdsoMapping.HostClock(0) / 1000, () => _vdso.GetTimeOfDay(out var us) == 0 ? us : -1, 0);
        Between(() => VdsoMapping.HostClock(5) / 1_000_000_000, _vdso.TimeWithoutPointer, 0);
    }

    // A scheduler that takes the processor away between the calls only widens the window.
    private static void Between(Func<long> host, Func<long> ours, long tolerance)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = host();
            var value = ours();
            var after = host();
            if (value >= before - tolerance && value <= after + tolerance)
                return;
            Assert.True(attempt < Attempts, $"{value} is not within {before} and {after}");
        }
    }
}
