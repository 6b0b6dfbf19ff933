using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>
/// The writer of one VM's clock page. Nothing keeps the page fresh but those who find it stale: a guest's vDSO call then
/// becomes a system call, whose handler asks <see cref="TryRead"/>. So an idle VM costs no time.
/// </summary>
/// <remarks>
/// Every member may be called from any thread; one lock, under which nothing blocks. The memory stays the caller's and
/// must stay mapped for as long as this is used. System calls for the page's clocks must be answered by
/// <see cref="TryRead"/>, not by the host's clock: only so can a program never see the two disagree.
/// </remarks>
public sealed unsafe class ClockPage
{
    private readonly Lock _lock = new();
    private readonly byte* _page;
    private readonly ClockSampler _sampler;
    private readonly ClockCalibration _calibration;
    private readonly bool _steady;
    private ClockPageValues _values; // protected by _lock
    private uint _sequence; // protected by _lock

    /// <summary>Fills the page and takes the first sample.</summary>
    /// <param name="page">Host address of the page's 4096 writable bytes, aligned to a page.</param>
    /// <param name="tscHz">The TSC's frequency, right to 0.2 %: KVM_GET_TSC_KHZ, or <see cref="ClockPageTsc.MeasureHz"/>.</param>
    /// <param name="cpuCount">Processors the guest sees, for getcpu; 0 makes every getcpu a system call.</param>
    /// <param name="nodeCount">Memory nodes the guest sees, at least 1.</param>
    /// <param name="tscOffset">Guest TSC minus host TSC, in ticks.</param>
    /// <param name="rateError">What the frequency is trusted to, as a fraction of it.</param>
    /// <param name="tscIsSteady">False makes every clock a system call: for hosts where
    /// <see cref="ClockPageTsc.IsInvariant"/> is false.</param>
    /// <exception cref="ArgumentException">A null or misaligned page.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A frequency that no TSC has, or a negative count.</exception>
    public ClockPage(nint page, ulong tscHz, int cpuCount, int nodeCount = 1, long tscOffset = 0, bool tscIsSteady = true,
        double rateError = ClockTrack.UsualRateError)
    {
        if (page == 0 || page % ClockPageLayout.PageBytes != 0)
            throw new ArgumentException("The clock page must be a page.", nameof(page));
        ArgumentOutOfRangeException.ThrowIfNegative(cpuCount);
        ArgumentOutOfRangeException.ThrowIfLessThan(nodeCount, 1);
        _page = (byte*)page;
        _steady = tscIsSteady;
        _sampler = new(tscOffset);
        _calibration = new(tscHz, rateError);
        WriteConstants(cpuCount, nodeCount);
        Refresh();
    }

    /// <summary>The TSC's frequency as measured so far, in Hz.</summary>
    public double TscHz
    {
        get
        {
            lock (_lock)
                return _calibration.TscHz;
        }
    }

    /// <summary>The guest's TSC from which the page is stale, unless it is refreshed before.</summary>
    public ulong StaleAtTsc
    {
        get
        {
            lock (_lock)
                return _values.TscBase + _values.ValidForTicks;
        }
    }

    /// <summary>Samples the host's clocks and writes the page anew. Takes about a microsecond.</summary>
    public void Refresh()
    {
        lock (_lock)
            RefreshLocked();
    }

    /// <summary>The answer to a guest's clock_gettime system call, for clocks of the page; refreshes a stale page.</summary>
    /// <param name="clockId">The guest's argument; any value may be given.</param>
    /// <param name="nanoseconds">The clock, in nanoseconds; 0 when the page doesn't serve it.</param>
    /// <returns>False when the page doesn't serve that clock.</returns>
    public bool TryRead(int clockId, out long nanoseconds)
    {
        nanoseconds = 0;
        if (!ClockPageLayout.Serves(clockId))
            return false;
        if (!_steady)
            return HostClocks.TryReadClock(clockId, out nanoseconds);
        lock (_lock)
        {
            var tsc = _sampler.ReadTsc();
            if (!_values.Covers(tsc))
            {
                RefreshLocked();
                tsc = _values.TscBase;
            }
            nanoseconds = _values.Read(clockId, tsc);
        }
        return true;
    }

    // The steps of the protocol in ClockPageLayout's remarks. Sampling comes before, so that readers wait only a moment.
    private void RefreshLocked()
    {
        _calibration.Observe(_sampler.Take());
        // SAFETY: here and below, every offset lies inside the page, which is the caller's to keep mapped; fields are aligned.
        Volatile.Write(ref *(uint*)(_page + ClockPageLayout.Sequence), ++_sequence);
        Interlocked.MemoryBarrier();
        _values = _calibration.Commit(_sampler.ReadTsc());
        WriteValuesLocked();
        Volatile.Write(ref *(uint*)(_page + ClockPageLayout.Sequence), ++_sequence);
    }

    private void WriteValuesLocked()
    {
        if (!_steady)
            return;
        *(ulong*)(_page + ClockPageLayout.TscBase) = _values.TscBase;
        *(ulong*)(_page + ClockPageLayout.ValidForTicks) = _values.ValidForTicks;
        for (var clock = 0; clock <= ClockPageLayout.LastClock; clock++)
        {
            if (!ClockPageLayout.Serves(clock))
                continue;
            var entry = _page + ClockPageLayout.EntryOf(clock);
            *(long*)(entry + ClockPageLayout.ClockBaseNs) = _values.BaseOf(clock);
            *(ulong*)(entry + ClockPageLayout.ClockMultiplier) =
                clock == ClockPageLayout.MonotonicRaw ? _values.RawMultiplier : _values.MonotonicMultiplier;
        }
    }

    private void WriteConstants(int cpuCount, int nodeCount)
    {
        new Span<byte>(_page, ClockPageLayout.PageBytes).Clear();
        *(uint*)(_page + ClockPageLayout.CpuCount) = (uint)cpuCount;
        *(uint*)(_page + ClockPageLayout.NodeCount) = (uint)nodeCount;
        for (var clock = 0; clock <= ClockPageLayout.LastClock; clock++)
        {
            if (ClockPageLayout.Serves(clock))
                *(long*)(_page + ClockPageLayout.EntryOf(clock) + ClockPageLayout.ClockResolutionNs) =
                    HostClocks.ReadClockResolution(clock);
        }
    }
}
