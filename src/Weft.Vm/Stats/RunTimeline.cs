using System.Diagnostics;

namespace Weft.Vm.Stats;

/// <summary>When the stages of a run began.</summary>
internal sealed class RunTimeline
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _created, _entered;

    internal void Created() => _created = Stopwatch.GetTimestamp();

    internal void Entered() => _entered = Stopwatch.GetTimestamp();

    internal RunTimes Measure()
    {
        long end = Stopwatch.GetTimestamp(), entered = _entered == 0 ? end : _entered;
        return new RunTimes(Ns(_start, _created), Ns(_created, entered), Ns(_start, entered), Ns(entered, end),
            (long)Environment.CpuUsage.TotalTime.TotalNanoseconds);
    }

    private static long Ns(long from, long to) => (long)Stopwatch.GetElapsedTime(from, to).TotalNanoseconds;
}
