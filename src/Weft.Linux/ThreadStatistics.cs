using System.Diagnostics;
using Weft.Linux.Memory;
using Weft.Machine;

namespace Weft.Linux;

/// <summary>What one thread counts: plain numbers in memory of its own, so that counting costs an addition and shares no cache line.</summary>
/// <remarks>Written by the thread, or by the attendant while it answers for it; read by others at any time, a little late.</remarks>
public sealed class ThreadStatistics
{
    /// <summary>Calls of higher numbers are counted as unknown ones only.</summary>
    public const int CallNumbers = 512;

    private const int WayCount = 2, ReasonCount = 6, OutcomeCount = 4, LongsOfACacheLine = 8;
    private readonly long[] _calls = new long[CallNumbers * WayCount];
    private readonly long[] _callTicks;
    private readonly long[] _exits = new long[ReasonCount + 2 * LongsOfACacheLine];
    private readonly long[] _faults = new long[OutcomeCount + 2 * LongsOfACacheLine];

    /// <summary>Counters at zero.</summary>
    /// <param name="measuresTime">Sum the time in handlers too.</param>
    internal ThreadStatistics(bool measuresTime) => _callTicks = measuresTime ? new long[CallNumbers * WayCount] : [];

    /// <summary>For threads that don't run: nobody reads it.</summary>
    internal static ThreadStatistics Unused { get; } = new(false);

    internal void CountExit(ExitReason reason) => _exits[LongsOfACacheLine + (int)reason]++;

    internal void CountFault(FaultOutcome outcome) => _faults[LongsOfACacheLine + (int)outcome]++;

    internal void CountCall(ulong number, CallWays way)
    {
        if (number < CallNumbers)
            _calls[Index((int)number, way)]++;
    }

    internal void AddTime(ulong number, CallWays way, long ticks)
    {
        if (number < CallNumbers && _callTicks.Length != 0)
            _callTicks[Index((int)number, way)] += ticks;
    }

    internal static ExitReason ReasonOf(VcpuExit exit) => exit switch
    {
        VcpuExit.SystemCall => ExitReason.SystemCall,
        VcpuExit.Exception => ExitReason.Exception,
        VcpuExit.Interrupted => ExitReason.Interrupted,
        VcpuExit.MemoryError => ExitReason.MemoryError,
        _ => ExitReason.Unsupported,
    };

    /// <summary>Calls of a number by a way.</summary>
    public long Calls(int number, CallWays way) => _calls[Index(number, way)];

    /// <summary>Time in their handlers, in nanoseconds; 0 when it was not measured.</summary>
    public long CallNanoseconds(int number, CallWays way) =>
        _callTicks.Length == 0 ? 0 : (long)(_callTicks[Index(number, way)] * (1e9 / Stopwatch.Frequency));

    /// <summary>Exits of a reason.</summary>
    public long Exits(ExitReason reason) => _exits[LongsOfACacheLine + (int)reason];

    /// <summary>Page faults with an outcome.</summary>
    public long Faults(FaultOutcome outcome) => _faults[LongsOfACacheLine + (int)outcome];

    private static int Index(int number, CallWays way) => way == CallWays.Attendant ? CallNumbers + number : number;
}
