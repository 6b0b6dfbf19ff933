using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>What the system is: uname, sysinfo, random bytes, personality.</summary>
internal static class SystemInfoCalls
{
    private const int UtsNameBytes = 390;

    [SystemCall(SystemCall.Uname, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Uname(GuestThread thread, GuestVirtualAddress name)
    {
        long result = HostStubs.CallQuick(SystemCall.Uname, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(name, thread.Scratch.Span[..UtsNameBytes]) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Sethostname, SupportState.Refused, Ways = CallWays.Attendant, Missing = "EPERM: the name is the host's")]
    internal static SyscallResult SetHostName(GuestThread thread) => Errno.EPERM;

    [SystemCall(SystemCall.Setdomainname, SupportState.Refused, Ways = CallWays.Attendant, Missing = "EPERM: the name is the host's")]
    internal static SyscallResult SetDomainName(GuestThread thread) => Errno.EPERM;

    /// <summary>Memory as the VM's limit leaves it; uptime and load are the host's, as the clocks are.</summary>
    [SystemCall(SystemCall.Sysinfo, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Sysinfo(GuestThread thread, GuestVirtualAddress info)
    {
        long result = HostStubs.CallQuick(SystemCall.Sysinfo, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        HostSystemInfo values = MemoryMarshal.Read<HostSystemInfo>(thread.Scratch.Span);
        values.Processes = (ushort)Math.Min(thread.Process.ThreadCount, ushort.MaxValue);
        if (thread.Kernel.Options.MemoryLimitBytes is { } limit)
            values.NarrowTo(limit, thread.Memory.UsedBytes);
        return thread.Memory.TryWrite(info, values) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Getrandom, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetRandom(GuestThread thread, GuestVirtualAddress buffer, ulong count, uint flags)
    {
        const uint known = 7, randomAndInsecure = 6;
        const ulong most = 0x1ffffff;
        if ((flags & ~known) != 0 || (flags & randomAndInsecure) == randomAndInsecure)
            return Errno.EINVAL;
        ulong wanted = Math.Min(count, most), done = 0;
        while (done < wanted)
        {
            if (!thread.Memory.TryGetHostRange(buffer + done, wanted - done, PageAccess.Write, out HostAddress host, out ulong contiguous))
                return done > 0 ? (long)done : Errno.EFAULT;
            long result = contiguous <= AddressQuickBytes
                ? HostStubs.CallQuick(SystemCall.Getrandom, (long)host.Value, (long)contiguous, flags)
                : HostStubs.Call(SystemCall.Getrandom, (long)host.Value, (long)contiguous, flags);
            if (result < 0)
                return done > 0 ? (long)done : result;
            done += (ulong)result;
        }
        return (long)done;
    }

    [SystemCall(SystemCall.Personality, SupportState.Partly, Ways = CallWays.Attendant, Missing = "kept and returned, but changes nothing")]
    internal static SyscallResult Personality(GuestThread thread, uint persona)
    {
        const uint query = uint.MaxValue;
        ProcessAttributes attributes = thread.Process.Attributes;
        uint old = attributes.Personality;
        if (persona != query)
            attributes.Personality = persona;
        return old;
    }

    [SystemCall(SystemCall.Syslog, SupportState.Refused, Ways = CallWays.Attendant, Missing = "EPERM: the kernel's log is the host's")]
    internal static SyscallResult Syslog(GuestThread thread) => Errno.EPERM;

    private const ulong AddressQuickBytes = 512;

    /// <summary>struct sysinfo, 112 bytes. Source: linux/sysinfo.h.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 112)]
    private struct HostSystemInfo
    {
        internal long UptimeSeconds;
        internal ulong Load1, Load5, Load15;
        internal ulong TotalRam, FreeRam, SharedRam, BufferRam, TotalSwap, FreeSwap;
        internal ushort Processes;
        private readonly ushort _padding;
        internal ulong TotalHigh, FreeHigh;
        internal uint MemoryUnit;

        internal void NarrowTo(ulong limitBytes, ulong usedBytes)
        {
            ulong unit = Math.Max(MemoryUnit, 1);
            ulong limit = limitBytes / unit;
            if (limit >= TotalRam)
                return;
            TotalRam = limit;
            FreeRam = Math.Min(FreeRam, limit - Math.Min(limit, usedBytes / unit));
            SharedRam = Math.Min(SharedRam, limit - FreeRam);
            BufferRam = Math.Min(BufferRam, limit - FreeRam);
            TotalSwap = FreeSwap = 0;
        }
    }
}
