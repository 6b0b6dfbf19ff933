using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>Clocks, and the time that was used.</summary>
internal static class ClockCalls
{
    private const string NoDescriptorClocks = "clocks behind a descriptor (PTP) are refused (EINVAL)";
    private const string HostTimeStays = "EPERM: the host's time is not the program's to set";
    private const string IncludesVmm = "the VMM's own use is included";

    [SystemCall(SystemCall.ClockGettime, SupportState.Partly, Ways = CallWays.Attendant, Missing = NoDescriptorClocks)]
    internal static SyscallResult GetTime(GuestThread thread, int clock, GuestVirtualAddress time) =>
        Read(thread, SystemCall.ClockGettime, clock, time);

    [SystemCall(SystemCall.ClockGetres, SupportState.Partly, Ways = CallWays.Attendant, Missing = NoDescriptorClocks)]
    internal static SyscallResult GetResolution(GuestThread thread, int clock, GuestVirtualAddress time) =>
        Read(thread, SystemCall.ClockGetres, clock, time);

    [SystemCall(SystemCall.ClockSettime, SupportState.Refused, Ways = CallWays.Attendant, Missing = HostTimeStays)]
    internal static SyscallResult SetTime(GuestThread thread, int clock, GuestVirtualAddress time)
    {
        const int highestClock = 15;
        if (clock is > highestClock)
            return Errno.EINVAL;
        if (!thread.Memory.TryRead(time, out TimeSpec wanted))
            return Errno.EFAULT;
        return clock == HostClock.Realtime && wanted.IsValid ? Errno.EPERM : Errno.EINVAL;
    }

    [SystemCall(SystemCall.Gettimeofday, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetTimeOfDay(GuestThread thread, GuestVirtualAddress time, GuestVirtualAddress zone)
    {
        const int timeBytes = 16, zoneBytes = 8;
        long result = HostStubs.CallQuick(
            SystemCall.Gettimeofday, (long)thread.Scratch.Address.Value, (long)(thread.Scratch.Address + timeBytes).Value);
        if (result < 0)
            return result;
        Span<byte> scratch = thread.Scratch.Span;
        if (thread.Kernel.Clock is { } page && page.TryRead(HostClock.Realtime, out long nanoseconds))
        {
            const long nanosecondsPerMicrosecond = 1_000, microsecondsPerSecond = 1_000_000;
            long microseconds = nanoseconds / nanosecondsPerMicrosecond;
            BinaryPrimitives.WriteInt64LittleEndian(scratch, microseconds / microsecondsPerSecond);
            BinaryPrimitives.WriteInt64LittleEndian(scratch[sizeof(long)..], microseconds % microsecondsPerSecond);
        }
        return (time.IsNull || thread.Memory.TryWrite(time, scratch[..timeBytes]))
            && (zone.IsNull || thread.Memory.TryWrite(zone, scratch.Slice(timeBytes, zoneBytes))) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Settimeofday, SupportState.Refused, Ways = CallWays.Attendant, Missing = HostTimeStays)]
    internal static SyscallResult SetTimeOfDay(GuestThread thread, GuestVirtualAddress time, GuestVirtualAddress zone)
    {
        if ((!time.IsNull && !thread.Memory.TryRead(time, out TimeSpec _)) || (!zone.IsNull && !thread.Memory.TryRead(zone, out ulong _)))
            return Errno.EFAULT;
        return Errno.EPERM;
    }

    [SystemCall(SystemCall.Time, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Seconds(GuestThread thread, GuestVirtualAddress time)
    {
        const long nanosecondsPerSecond = 1_000_000_000;
        long seconds = thread.Kernel.Clock is { } page && page.TryRead(HostClock.Realtime, out long nanoseconds)
            ? nanoseconds / nanosecondsPerSecond : HostStubs.CallQuick(SystemCall.Time, 0);
        return time.IsNull || thread.Memory.TryWrite(time, seconds) ? seconds : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Times, SupportState.Partly, Ways = CallWays.Attendant, Missing = IncludesVmm)]
    internal static SyscallResult ProcessTimes(GuestThread thread, GuestVirtualAddress times)
    {
        const int structureBytes = 32;
        long ticks = HostStubs.CallQuick(SystemCall.Times, (long)thread.Scratch.Address.Value);
        return times.IsNull || thread.Memory.TryWrite(times, thread.Scratch.Span[..structureBytes]) ? ticks : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Getrusage, SupportState.Partly, Missing = IncludesVmm)]
    internal static SyscallResult ResourceUsage(GuestThread thread, int who, GuestVirtualAddress usage)
    {
        const int structureBytes = 144;
        long result = HostStubs.CallQuick(SystemCall.Getrusage, who, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(usage, thread.Scratch.Span[..structureBytes]) ? result : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Adjtimex, SupportState.Partly, Ways = CallWays.Attendant, Missing = "reading only; changes are refused (EPERM)")]
    internal static SyscallResult ReadAdjustment(GuestThread thread, GuestVirtualAddress timex) =>
        ReadClockAdjustment(thread, HostClock.Realtime, timex);

    [SystemCall(SystemCall.ClockAdjtime, SupportState.Partly, Ways = CallWays.Attendant, Missing = "reading only; changes are refused (EPERM)")]
    internal static SyscallResult ReadClockAdjustment(GuestThread thread, int clock, GuestVirtualAddress timex)
    {
        const int structureBytes = 208;
        Span<byte> structure = thread.Scratch.Span[..structureBytes];
        if (!thread.Memory.TryRead(timex, structure))
            return Errno.EFAULT;
        if (BinaryPrimitives.ReadInt32LittleEndian(structure) != 0)
            return Errno.EPERM;
        if (!HostClock.TryTranslate(thread, clock, out int hostClock))
            return Errno.EINVAL;
        long result = HostStubs.CallQuick(SystemCall.ClockAdjtime, hostClock, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(timex, structure) ? result : Errno.EFAULT;
    }

    private static SyscallResult Read(GuestThread thread, SystemCall number, int clock, GuestVirtualAddress time)
    {
        // What the vDSO reads answers here too, and is refreshed by it: two sources could step back against each other.
        if (number == SystemCall.ClockGettime && thread.Kernel.Clock is { } page && page.TryRead(clock, out long nanoseconds))
            return thread.Memory.TryWrite(time, TimeSpec.FromNanoseconds(nanoseconds)) ? SyscallResult.Success : Errno.EFAULT;
        if (!HostClock.TryTranslate(thread, clock, out int hostClock))
            return Errno.EINVAL;
        long result = HostStubs.CallQuick(number, hostClock, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        if (time.IsNull)
            return number == SystemCall.ClockGetres ? result : Errno.EFAULT;
        return thread.Memory.TryWrite(time, MemoryMarshal.Read<TimeSpec>(thread.Scratch.Span)) ? result : Errno.EFAULT;
    }
}
