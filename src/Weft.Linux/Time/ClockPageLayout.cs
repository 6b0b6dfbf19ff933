namespace Weft.Linux.Time;

/// <summary>
/// Where the fields of the clock page stand. The page lies immediately before the vDSO image in the guest's address
/// space; the guest reads it, the VMM writes it.
/// </summary>
/// <remarks>
/// Protocol. The writer, under its lock: (1) stores an odd sequence, (2) full fence, (3) reads the TSC, which becomes
/// the new base, (4) stores the fields, (5) stores the next even sequence with release. A reader: (1) loads the
/// sequence and waits while it is odd, (2) reads the TSC, (3) loads the fields, (4) loads the sequence again, and starts
/// over if it changed. Step 4 of the reader may not overtake its step 2; then a reader that succeeds with the old fields
/// has a TSC below the new base, and a clock that is continuous at the base never steps back for anybody.
/// </remarks>
public static class ClockPageLayout
{
    /// <summary>Bytes of the page.</summary>
    public const int PageBytes = 4096;

    /// <summary>u32: the seqcount; odd while the writer is at work.</summary>
    public const int Sequence = 0x00;

    /// <summary>u32: processors the guest sees; <c>getcpu</c> answers modulo this. 0 sends getcpu to the VMM.</summary>
    public const int CpuCount = 0x04;

    /// <summary>u32: memory nodes the guest sees, at least 1.</summary>
    public const int NodeCount = 0x08;

    /// <summary>u64: guest TSC at which the base values hold.</summary>
    public const int TscBase = 0x10;

    /// <summary>u64: ticks after <see cref="TscBase"/> through which the page may be used; beyond them ask the VMM.</summary>
    public const int ValidForTicks = 0x18;

    /// <summary>First entry of the table of clocks, indexed by clock id.</summary>
    public const int Clocks = 0x40;

    /// <summary>log2 of the bytes of one entry.</summary>
    public const int ClockEntryShift = 5;

    /// <summary>In an entry, s64: nanoseconds at the base.</summary>
    public const int ClockBaseNs = 0x00;

    /// <summary>In an entry, u64: nanoseconds a tick, times 2^<see cref="MultiplierShift"/>.</summary>
    public const int ClockMultiplier = 0x08;

    /// <summary>In an entry, s64: the resolution in nanoseconds (below a second); 0 sends clock_getres to the VMM.</summary>
    public const int ClockResolutionNs = 0x10;

    /// <summary>Binary digits after the point of a multiplier. 56 leave room for 256 ns a tick and an error of
    /// less than 10^-7 ns over a second.</summary>
    public const int MultiplierShift = 56;

    /// <summary>CLOCK_REALTIME. Source: linux/time.h, as for the ids below.</summary>
    public const int Realtime = 0;

    /// <summary>CLOCK_MONOTONIC.</summary>
    public const int Monotonic = 1;

    /// <summary>CLOCK_MONOTONIC_RAW.</summary>
    public const int MonotonicRaw = 4;

    /// <summary>CLOCK_REALTIME_COARSE; answered as finely as CLOCK_REALTIME.</summary>
    public const int RealtimeCoarse = 5;

    /// <summary>CLOCK_MONOTONIC_COARSE; answered as finely as CLOCK_MONOTONIC.</summary>
    public const int MonotonicCoarse = 6;

    /// <summary>CLOCK_BOOTTIME.</summary>
    public const int Boottime = 7;

    /// <summary>CLOCK_TAI.</summary>
    public const int Tai = 11;

    /// <summary>Highest clock id that the page can hold.</summary>
    public const int LastClock = Tai;

    /// <summary>Bit n is set when the page serves clock n; every other clock is the VMM's to answer.</summary>
    public const uint ServedClocks = 1u << Realtime | 1u << Monotonic | 1u << MonotonicRaw | 1u << RealtimeCoarse
        | 1u << MonotonicCoarse | 1u << Boottime | 1u << Tai;

    /// <summary>True when the page serves the clock. Any value may be given.</summary>
    public static bool Serves(int clockId) => (uint)clockId <= LastClock && (ServedClocks >> clockId & 1) != 0;

    /// <summary>Offset in the page of the entry of a served clock.</summary>
    public static int EntryOf(int clockId) => Clocks + (clockId << ClockEntryShift);
}
