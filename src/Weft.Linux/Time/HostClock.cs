using System.Runtime.InteropServices;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>The host's clocks, which are the program's. Source: clock_gettime(2).</summary>
internal static class HostClock
{
    internal const int Realtime = 0, Monotonic = 1, ThreadCpuTime = 3;

    // Source: linux/include/linux/posix-timers_types.h.
    private const int KindMask = 7, DescriptorKind = 3, PerThread = 4, Scheduler = 2, KindBits = 3;

    /// <summary>The time of a clock that is sure to exist. Uses the thread's scratch memory.</summary>
    internal static TimeSpec Now(GuestThread thread, int clock)
    {
        HostStubs.CallQuick(SystemCall.ClockGettime, clock, (long)thread.Scratch.Address.Value);
        return MemoryMarshal.Read<TimeSpec>(thread.Scratch.Span);
    }

    /// <summary>
    /// The host's id of a program's clock, the same whatever host thread asks. False for a clock behind a descriptor
    /// (PTP): EINVAL.
    /// </summary>
    internal static bool TryTranslate(GuestThread thread, int clock, out int hostClock)
    {
        hostClock = clock == ThreadCpuTime ? ~thread.ThreadId << KindBits | PerThread | Scheduler : clock;
        return clock >= 0 || (clock & KindMask) != DescriptorKind;
    }
}
