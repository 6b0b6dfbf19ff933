using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Users, groups, process groups and sessions: the VMM's own, so that they mean the same inside and outside.</summary>
internal static class IdentityCalls
{
    private const string Unchanged = "only a change that changes nothing is allowed, else EPERM: the VMM keeps the identity it was started with";
    private const int MostGroups = 65536;

    [SystemCall(SystemCall.Getuid, SupportState.Full, Ways = CallWays.Attendant | CallWays.Stub)]
    internal static SyscallResult GetUser(GuestThread thread) => HostStubs.CallQuick(SystemCall.Getuid);

    [SystemCall(SystemCall.Geteuid, SupportState.Full, Ways = CallWays.Attendant | CallWays.Stub)]
    internal static SyscallResult GetEffectiveUser(GuestThread thread) => HostStubs.CallQuick(SystemCall.Geteuid);

    [SystemCall(SystemCall.Getgid, SupportState.Full, Ways = CallWays.Attendant | CallWays.Stub)]
    internal static SyscallResult GetGroup(GuestThread thread) => HostStubs.CallQuick(SystemCall.Getgid);

    [SystemCall(SystemCall.Getegid, SupportState.Full, Ways = CallWays.Attendant | CallWays.Stub)]
    internal static SyscallResult GetEffectiveGroup(GuestThread thread) => HostStubs.CallQuick(SystemCall.Getegid);

    [SystemCall(SystemCall.Getresuid, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetUsers(GuestThread thread, GuestVirtualAddress real, GuestVirtualAddress effective, GuestVirtualAddress saved) =>
        WriteThree(thread, ReadThree(thread, SystemCall.Getresuid), real, effective, saved);

    [SystemCall(SystemCall.Getresgid, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetGroups(GuestThread thread, GuestVirtualAddress real, GuestVirtualAddress effective, GuestVirtualAddress saved) =>
        WriteThree(thread, ReadThree(thread, SystemCall.Getresgid), real, effective, saved);

    [SystemCall(SystemCall.Setuid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetUser(GuestThread thread, uint user) => SetOne(ReadThree(thread, SystemCall.Getresuid), user);

    [SystemCall(SystemCall.Setgid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetGroup(GuestThread thread, uint group) => SetOne(ReadThree(thread, SystemCall.Getresgid), group);

    [SystemCall(SystemCall.Setreuid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetUsers(GuestThread thread, uint real, uint effective) =>
        SetSome(ReadThree(thread, SystemCall.Getresuid), real, effective, uint.MaxValue);

    [SystemCall(SystemCall.Setregid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetGroups(GuestThread thread, uint real, uint effective) =>
        SetSome(ReadThree(thread, SystemCall.Getresgid), real, effective, uint.MaxValue);

    [SystemCall(SystemCall.Setresuid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetAllUsers(GuestThread thread, uint real, uint effective, uint saved) =>
        SetSome(ReadThree(thread, SystemCall.Getresuid), real, effective, saved);

    [SystemCall(SystemCall.Setresgid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetAllGroups(GuestThread thread, uint real, uint effective, uint saved) =>
        SetSome(ReadThree(thread, SystemCall.Getresgid), real, effective, saved);

    /// <summary>Answers the current id and changes nothing, which is how setfsuid(2) refuses.</summary>
    [SystemCall(SystemCall.Setfsuid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetFileUser(GuestThread thread, uint user) => HostStubs.CallQuick(SystemCall.Geteuid);

    /// <summary>As <see cref="SetFileUser"/>.</summary>
    [SystemCall(SystemCall.Setfsgid, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetFileGroup(GuestThread thread, uint group) => HostStubs.CallQuick(SystemCall.Getegid);

    [SystemCall(SystemCall.Getgroups, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetSupplementaryGroups(GuestThread thread, int count, GuestVirtualAddress list)
    {
        if (count < 0)
            return Errno.EINVAL;
        using NativeBuffer host = new(MostGroups * sizeof(uint));
        long held = HostStubs.CallQuick(SystemCall.Getgroups, MostGroups, (long)host.Address.Value);
        if (held < 0 || count == 0)
            return held;
        if (held > count)
            return Errno.EINVAL;
        return thread.Memory.TryWrite(list, host.Span[..((int)held * sizeof(uint))]) ? held : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Setgroups, SupportState.Partly, Ways = CallWays.Attendant, Missing = Unchanged)]
    internal static SyscallResult SetSupplementaryGroups(GuestThread thread, int count, GuestVirtualAddress list)
    {
        const int capabilitySetGid = 6;
        if (!CapabilityCalls.HasEffective(thread, capabilitySetGid))
            return Errno.EPERM;
        if ((uint)count > MostGroups)
            return Errno.EINVAL;
        byte[] wanted = new byte[count * sizeof(uint)];
        if (!thread.Memory.TryRead(list, wanted))
            return Errno.EFAULT;
        using NativeBuffer host = new(MostGroups * sizeof(uint));
        long held = HostStubs.CallQuick(SystemCall.Getgroups, MostGroups, (long)host.Address.Value);
        if (held != count)
            return Errno.EPERM;
        Span<uint> wantedGroups = MemoryMarshal.Cast<byte, uint>(wanted.AsSpan());
        wantedGroups.Sort();
        return MemoryMarshal.Cast<byte, uint>(host.Span)[..count].SequenceEqual(wantedGroups) ? SyscallResult.Success : Errno.EPERM;
    }

    [SystemCall(SystemCall.Getppid, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetParent(GuestThread thread) => HostStubs.CallQuick(SystemCall.Getppid);

    [SystemCall(SystemCall.Getpgrp, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetOwnProcessGroup(GuestThread thread) => HostStubs.CallQuick(SystemCall.Getpgid, 0);

    [SystemCall(SystemCall.Getpgid, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetProcessGroup(GuestThread thread, int processId) => HostStubs.CallQuick(SystemCall.Getpgid, processId);

    [SystemCall(SystemCall.Setpgid, SupportState.Full)]
    internal static SyscallResult SetProcessGroup(GuestThread thread, int processId, int group)
    {
        long result = HostStubs.CallQuick(SystemCall.Setpgid, processId, group);
        // To the host every child has executed a program: its VMM.
        return result == -(long)Errno.EACCES ? ChildGroup.Ask(thread, processId, group == 0 ? processId : group) : result;
    }

    [SystemCall(SystemCall.Getsid, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetSession(GuestThread thread, int processId) => HostStubs.CallQuick(SystemCall.Getsid, processId);

    [SystemCall(SystemCall.Setsid, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetSession(GuestThread thread) => HostStubs.CallQuick(SystemCall.Setsid);

    private static (uint Real, uint Effective, uint Saved) ReadThree(GuestThread thread, SystemCall call)
    {
        long address = (long)thread.Scratch.Address.Value;
        HostStubs.CallQuick(call, address, address + 4, address + 8);
        Span<uint> ids = MemoryMarshal.Cast<byte, uint>(thread.Scratch.Span);
        return (ids[0], ids[1], ids[2]);
    }

    private static SyscallResult WriteThree(GuestThread thread, (uint Real, uint Effective, uint Saved) ids,
        GuestVirtualAddress real, GuestVirtualAddress effective, GuestVirtualAddress saved) =>
        thread.Memory.TryWrite(real, ids.Real) && thread.Memory.TryWrite(effective, ids.Effective) && thread.Memory.TryWrite(saved, ids.Saved)
            ? SyscallResult.Success : Errno.EFAULT;

    private static SyscallResult SetOne((uint Real, uint Effective, uint Saved) now, uint id)
    {
        if (id == uint.MaxValue)
            return Errno.EINVAL;
        // Root's setuid sets all three; another user's sets the effective one, to one that it has.
        bool changesNothing = now.Effective == 0 ? now.Real == id && now.Effective == id && now.Saved == id : now.Effective == id;
        return changesNothing ? SyscallResult.Success : Errno.EPERM;
    }

    private static SyscallResult SetSome((uint Real, uint Effective, uint Saved) now, uint real, uint effective, uint saved) =>
        Keeps(now.Real, real) && Keeps(now.Effective, effective) && Keeps(now.Saved, saved) ? SyscallResult.Success : Errno.EPERM;

    private static bool Keeps(uint now, uint wanted) => wanted == uint.MaxValue || wanted == now;
}
