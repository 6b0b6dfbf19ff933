using System.Diagnostics;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux;

public sealed partial class GuestThread
{
    private const int PageFaultVector = 14;

    // A thread that does not run yet has nothing to count; Run takes its own.
    private ThreadStatistics _statistics = ThreadStatistics.Unused;
    private long _exitTimestamp;
    private bool _isObserved;

    /// <summary>Counts an exit, and when it happened if someone watches.</summary>
    private void NoteExit(VcpuExit exit)
    {
        if (exit == VcpuExit.SystemCall)
            _statistics.CountExit(ExitReason.SystemCall);
        else
            _statistics.CountExit(exit == VcpuExit.Exception && Vcpu.Vector == PageFaultVector ? ExitReason.PageFault : ThreadStatistics.ReasonOf(exit));
        if (_isObserved)
            _exitTimestamp = Stopwatch.GetTimestamp();
    }

    /// <summary>A system call that is timed, and shown to the observer.</summary>
    private SyscallResult AnswerObserved(ulong number, in SyscallArguments arguments, CallWays way)
    {
        ISystemCallObserver? observer = Kernel.Observer;
        observer?.Entering(this, number, arguments);
        // Before the call where it is sure: some never return.
        if (way == CallWays.None)
            _statistics.CountCall(number, way);
        long host = HostTime.Ticks, start = Stopwatch.GetTimestamp();
        long before = way == CallWays.None ? start - _exitTimestamp : 0;
        SyscallResult result = SystemCallTable.Dispatch(this, number, arguments);
        long ticks = Stopwatch.GetTimestamp() - start;
        if (result == SyscallResult.Declined)
            return result;
        if (way != CallWays.None)
            _statistics.CountCall(number, way);
        _statistics.AddTime(number, way, ticks);
        observer?.Answered(this, number, arguments, result, new CallTimes(way, before, ticks, HostTime.Ticks - host));
        return result;
    }
}
