using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Threads;

/// <summary>clone(2) and its like: threads. New processes are refused for now.</summary>
internal static class CloneCalls
{
    private const string NoProcesses = "threads only; a new process is refused (ENOSYS)";
    private const ulong CloneVm = 0x100, CloneSigHand = 0x800, CloneThread = 0x10000, CloneSetTls = 0x80000,
        CloneParentSetTid = 0x100000, CloneChildClearTid = 0x200000, CloneChildSetTid = 0x1000000, CloneFs = 0x200, CloneFiles = 0x400;

    private const ulong SignalMask = 0xff, CloneDetached = 0x400000, CloneNewMounts = 0x20000, CloneNewUsers = 0x10000000;
    private const ulong NewNamespaces = 0x7e020080, CloneIntoCgroup = 0x200000000, CloneParent = 0x8000, CloneVfork = 0x4000, ClonePidFd = 0x1000;

    /// <summary>struct clone_args, as far as it is used. Source: clone(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct CloneArguments
    {
        internal ulong Flags, PidFd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;
    }

    [SystemCall(SystemCall.Clone, SupportState.Partly, Missing = NoProcesses)]
    internal static SyscallResult Clone(GuestThread thread, ulong flags, ulong stack, ulong parentTid, ulong childTid, ulong tls)
    {
        return Start(thread, new CloneArguments
        {
            Flags = flags & ~SignalMask,
            ExitSignal = flags & SignalMask,
            Stack = stack,
            ParentTid = parentTid,
            ChildTid = childTid,
            Tls = tls,
        });
    }

    [SystemCall(SystemCall.Clone3, SupportState.Partly, Missing = NoProcesses)]
    internal static SyscallResult Clone3(GuestThread thread, GuestVirtualAddress arguments, ulong size)
    {
        const int smallest = 64, page = 4096;
        if (size > page)
            return Errno.E2BIG;
        if (size < smallest)
            return Errno.EINVAL;
        CloneArguments clone = default;
        int known = Math.Min((int)size, Marshal.SizeOf<CloneArguments>());
        if (!thread.Memory.TryRead(arguments, MemoryMarshal.AsBytes(new Span<CloneArguments>(ref clone))[..known]))
            return Errno.EFAULT;
        Span<byte> rest = stackalloc byte[(int)size - known];
        if (!thread.Memory.TryRead(arguments + (ulong)known, rest))
            return Errno.EFAULT;
        if (rest.ContainsAnyExcept((byte)0))
            return Errno.E2BIG;
        const ulong known3 = 0x3_ffff_ffff & ~(SignalMask | CloneDetached);
        if ((clone.Stack == 0) != (clone.StackSize == 0) || (clone.Flags & ~known3) != 0 || (clone.ExitSignal & ~SignalMask) != 0
            || ((clone.Flags & (CloneThread | CloneParent)) != 0 && clone.ExitSignal != 0))
            return Errno.EINVAL;
        if (clone.Stack != 0)
            clone.Stack += clone.StackSize;
        return Start(thread, clone);
    }

    [SystemCall(SystemCall.Fork, SupportState.Refused, Missing = "ENOSYS: a VM has one process for now")]
    [SystemCall(SystemCall.Vfork, SupportState.Refused, Missing = "ENOSYS: a VM has one process for now")]
    internal static SyscallResult Fork(GuestThread thread)
    {
        thread.Kernel.Statistics.SayOnce("fork", "the program asked for another process; Weft has no fork yet, it got ENOSYS");
        return Errno.ENOSYS;
    }

    private static SyscallResult Start(GuestThread parent, in CloneArguments arguments)
    {
        ulong flags = arguments.Flags;
        bool isThread = (flags & CloneThread) != 0, shares = (flags & CloneSigHand) != 0, sameMemory = (flags & CloneVm) != 0;
        if ((isThread && !shares) || (shares && !sameMemory) || (isThread && (flags & CloneIntoCgroup) != 0))
            return Errno.EINVAL;
        if ((flags & CloneFs) != 0 && (flags & (CloneNewMounts | CloneNewUsers)) != 0)
            return Errno.EINVAL;
        if (!isThread)
            return Fork(parent);
        if ((flags & (CloneFs | CloneFiles)) != (CloneFs | CloneFiles) || (flags & (NewNamespaces | CloneParent | CloneVfork | ClonePidFd)) != 0
            || arguments.SetTidSize != 0)
            return Errno.EINVAL;
        if (parent.Kernel.TakeVcpu(parent.Memory.PageTables) is not { } vcpu)
            return Errno.EAGAIN;
        GuestThread child = new(parent.Process, vcpu) { Name = parent.Name };
        vcpu.CopyProgramStateFrom(parent.Vcpu);
        vcpu.Registers.Rax = 0;
        if (arguments.Stack != 0)
            vcpu.Registers.Rsp = arguments.Stack;
        vcpu.RegistersChanged();
        if ((flags & CloneSetTls) != 0)
            vcpu.FsBase = arguments.Tls;
        if ((flags & CloneChildClearTid) != 0)
            child.ClearChildTid = new(arguments.ChildTid);
        child.Signals.InheritFrom(parent.Signals);
        child.Attributes.InheritFrom(parent.Attributes);
        GuestVirtualAddress parentTid = new((flags & CloneParentSetTid) != 0 ? arguments.ParentTid : 0);
        GuestVirtualAddress childTid = new((flags & CloneChildSetTid) != 0 ? arguments.ChildTid : 0);
        return HostThread.Start(child, parentTid, childTid);
    }
}
