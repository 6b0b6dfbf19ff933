using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>prctl(2). What belongs to the thread is set on its host thread too, so it takes the exit.</summary>
internal static class ProcessControlCalls
{
    private const int NameBytes = 16;

    [SystemCall(SystemCall.Prctl, SupportState.Partly, Missing = "seccomp, PR_SET_MM, capability and secure-bit changes are refused")]
    internal static SyscallResult Control(GuestThread thread, int option, ulong a1, ulong a2, ulong a3, ulong a4)
    {
        switch ((ProcessControl)option)
        {
            case ProcessControl.SetName:
                return SetName(thread, new(a1));
            case ProcessControl.GetName:
                return GetName(thread, new(a1));
            case ProcessControl.GetTidAddress:
                return thread.Memory.TryWrite(new(a1), thread.ClearChildTid.Value) ? SyscallResult.Success : Errno.EFAULT;
            case ProcessControl.GetParentDeathSignal:
            case ProcessControl.GetTimeStampCounter:
                return GetInt(thread, option, new(a1));
            case ProcessControl.SetParentDeathSignal:
            case ProcessControl.SetTimerSlack:
            case ProcessControl.GetTimerSlack:
            case ProcessControl.SetNoNewPrivileges:
            case ProcessControl.GetNoNewPrivileges:
            case ProcessControl.SetTracer:
            case ProcessControl.ReadCapabilityBound:
            case ProcessControl.GetSecureBits:
            case ProcessControl.SetMachineCheckKill:
            case ProcessControl.GetMachineCheckKill:
            case ProcessControl.GetSpeculation:
            case ProcessControl.SetSpeculation:
                return HostStubs.CallQuick(SystemCall.Prctl, option, (long)a1, (long)a2, (long)a3, (long)a4);
            case ProcessControl.DropCapabilityBound:
            case ProcessControl.SetSecureBits:
            case ProcessControl.SetMemoryMap:
            case ProcessControl.SetIoFlusher:
                return Errno.EPERM;
            case ProcessControl.AmbientCapabilities:
                return Ambient(a1, a2, a3, a4);
            case ProcessControl.NameMemory:
                return NameMemory(thread, a1, new(a4));
            default:
                return OwnSettings(thread, (ProcessControl)option, a1, a2, a3, a4);
        }
    }

    /// <summary>Settings that only the program reads back.</summary>
    private static SyscallResult OwnSettings(GuestThread thread, ProcessControl option, ulong a1, ulong a2, ulong a3, ulong a4)
    {
        const ulong tscEnabled = 1;
        ProcessAttributes process = thread.Process.Attributes;
        switch (option)
        {
            case ProcessControl.GetDumpable:
                return process.Dumpable;
            case ProcessControl.SetDumpable:
                if (a1 > 1)
                    return Errno.EINVAL;
                process.Dumpable = (int)a1;
                return SyscallResult.Success;
            case ProcessControl.GetKeepCapabilities:
                return thread.Attributes.KeepsCapabilities ? 1 : 0;
            case ProcessControl.SetKeepCapabilities:
                if (a1 > 1)
                    return Errno.EINVAL;
                thread.Attributes.KeepsCapabilities = a1 != 0;
                return SyscallResult.Success;
            case ProcessControl.SetChildSubreaper:
                process.IsChildSubreaper = a1 != 0;
                return SyscallResult.Success;
            case ProcessControl.GetChildSubreaper:
                return thread.Memory.TryWrite(new(a1), process.IsChildSubreaper ? 1 : 0) ? SyscallResult.Success : Errno.EFAULT;
            case ProcessControl.SetLargePagesDisabled:
                if ((a2 | a3 | a4) != 0)
                    return Errno.EINVAL;
                process.AvoidsLargePages = a1 != 0;
                return SyscallResult.Success;
            case ProcessControl.GetLargePagesDisabled:
                return (a1 | a2 | a3 | a4) != 0 ? Errno.EINVAL : process.AvoidsLargePages ? 1 : 0;
            case ProcessControl.SetTimeStampCounter:
                return a1 == tscEnabled ? SyscallResult.Success : Errno.EINVAL;
            case ProcessControl.SetTiming:
                return a1 == 0 ? SyscallResult.Success : Errno.EINVAL;
            case ProcessControl.GetTiming:
            case ProcessControl.GetSeccomp:
            case ProcessControl.DisablePerformanceEvents:
            case ProcessControl.EnablePerformanceEvents:
                return SyscallResult.Success;
            case ProcessControl.GetWriteExecute:
                return (a1 | a2 | a3 | a4) != 0 ? Errno.EINVAL : 0;
            default:
                return Errno.EINVAL;
        }
    }

    private static SyscallResult SetName(GuestThread thread, GuestVirtualAddress address)
    {
        Span<byte> name = thread.Scratch.Span[..NameBytes];
        name.Clear();
        for (int i = 0; i < NameBytes - 1; i++)
        {
            if (!thread.Memory.TryRead(address + (ulong)i, name.Slice(i, 1)))
                return Errno.EFAULT;
            if (name[i] == 0)
                break;
        }
        thread.Name = name[..name.IndexOf((byte)0)].ToArray();
        return HostStubs.CallQuick(SystemCall.Prctl, (int)ProcessControl.SetName, (long)thread.Scratch.Address.Value);
    }

    private static SyscallResult GetName(GuestThread thread, GuestVirtualAddress address)
    {
        Span<byte> name = stackalloc byte[NameBytes];
        byte[] held = thread.Name;
        held.AsSpan(0, Math.Min(held.Length, NameBytes - 1)).CopyTo(name);
        return thread.Memory.TryWrite(address, name) ? SyscallResult.Success : Errno.EFAULT;
    }

    private static SyscallResult GetInt(GuestThread thread, int option, GuestVirtualAddress address)
    {
        long result = HostStubs.CallQuick(SystemCall.Prctl, option, (long)thread.Scratch.Address.Value);
        if (result < 0)
            return result;
        return thread.Memory.TryWrite(address, thread.Scratch.Span[..sizeof(int)]) ? result : Errno.EFAULT;
    }

    private static SyscallResult Ambient(ulong command, ulong capability, ulong a3, ulong a4)
    {
        const ulong isSet = 1, lower = 3, clearAll = 4;
        long result = HostStubs.CallQuick(SystemCall.Prctl, (int)ProcessControl.AmbientCapabilities, (long)isSet, (long)capability, (long)a3, (long)a4);
        return command switch
        {
            isSet => result,
            // Nothing is ambient unless the VMM was given it: lowering what isn't raised changes nothing.
            lower when result == 0 => SyscallResult.Success,
            clearAll when (capability | a3 | a4) == 0 => SyscallResult.Success,
            _ => result < 0 ? result : Errno.EPERM,
        };
    }

    private static SyscallResult NameMemory(GuestThread thread, ulong attribute, GuestVirtualAddress name)
    {
        const int mostBytes = 79;
        if (attribute != 0)
            return Errno.EINVAL;
        if (name.IsNull)
            return SyscallResult.Success;
        Errno error = thread.Memory.ReadString(name, mostBytes, out _);
        return error == Errno.ENAMETOOLONG ? Errno.EINVAL : error;
    }
}
