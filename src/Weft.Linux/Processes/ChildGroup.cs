using System.Runtime.InteropServices;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>
/// setpgid(2) on a child: the host lets a process move only itself once it has executed a program, as the child's VMM has. So
/// the parent asks it by a signal of the VMMs' own, which it obeys while its program has executed none.
/// </summary>
internal static class ChildGroup
{
    private const uint Mark = 0x57454654;
    private const int MostWaits = 100, WaitMicroseconds = 1000, InfoBytes = 128;

    /// <summary>Asks a child and waits until it has moved. EACCES when it does not within a tenth of a second: it has executed a program.</summary>
    internal static SyscallResult Ask(GuestThread thread, int child, int group)
    {
        NativeBuffer scratch = thread.Scratch;
        scratch.Span[..InfoBytes].Clear();
        SignalInfo info = SignalInfo.FromProcess(HostSignals.TimerSignal, SignalCode.Queue, thread.Process.Id, (int)HostStubs.CallQuick(SystemCall.Getuid));
        info.Second = (ulong)Mark << 32 | (uint)group;
        MemoryMarshal.Write(scratch.Span, info);
        HostStubs.CallQuick(SystemCall.RtSigqueueinfo, child, HostSignals.TimerSignal, (long)scratch.Address.Value);
        for (int wait = 0; wait < MostWaits; wait++)
        {
            long now = HostStubs.CallQuick(SystemCall.Getpgid, child);
            if (now == group)
                return SyscallResult.Success;
            if (now < 0)
                return now;
            MemoryMarshal.Write(scratch.Span, 0L);
            MemoryMarshal.Write(scratch.Span[sizeof(long)..], WaitMicroseconds * 1000L);
            HostStubs.Call(SystemCall.Nanosleep, (long)scratch.Address.Value, 0);
        }
        return Errno.EACCES;
    }

    /// <summary>Obeys the parent. False when the signal is something else, for the program.</summary>
    internal static bool Obey(Kernel kernel, in SignalInfo info)
    {
        if (info.Number != HostSignals.TimerSignal || info.Code != SignalCode.Queue || info.Second >> 32 != Mark
            || (int)(uint)info.First != HostStubs.CallQuick(SystemCall.Getppid))
            return false;
        if (kernel.IsForked)
            HostStubs.CallQuick(SystemCall.Setpgid, 0, (int)(uint)info.Second);
        return true;
    }
}
