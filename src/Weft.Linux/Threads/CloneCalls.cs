using System.Runtime.InteropServices;
using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Threads;

/// <summary>clone(2) and its like: threads here, processes in <see cref="ProcessStart"/>.</summary>
internal static class CloneCalls
{
    private const string Missing = "a child process shares no memory, files or working directory with its parent (EINVAL; vfork gives changes back), "
        + "its exit signal is SIGCHLD, and namespaces are refused (EPERM)";

    [SystemCall(SystemCall.Clone, SupportState.Partly, Missing = Missing)]
    internal static SyscallResult Clone(GuestThread thread, ulong flags, ulong stack, ulong parentTid, ulong childTid, ulong tls)
    {
        bool givesDescriptor = (flags & CloneArguments.PidFdFlag) != 0;
        // The id and the descriptor would have one place.
        if (givesDescriptor && (flags & (CloneArguments.ParentSetTid | CloneArguments.Detached)) != 0)
            return Errno.EINVAL;
        return Start(thread, new CloneArguments
        {
            Flags = flags & ~CloneArguments.SignalMask & uint.MaxValue,
            ExitSignal = flags & CloneArguments.SignalMask,
            Stack = stack,
            ParentTid = parentTid,
            PidFd = givesDescriptor ? parentTid : 0,
            ChildTid = childTid,
            Tls = tls,
        });
    }

    [SystemCall(SystemCall.Clone3, SupportState.Partly, Missing = Missing)]
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
        const ulong known3 = 0x3_ffff_ffff & ~(CloneArguments.SignalMask | CloneArguments.Detached);
        if ((clone.Stack == 0) != (clone.StackSize == 0) || (clone.Flags & ~known3) != 0 || (clone.ExitSignal & ~CloneArguments.SignalMask) != 0
            || (clone.Has(CloneArguments.Thread | CloneArguments.Parent) && clone.ExitSignal != 0))
            return Errno.EINVAL;
        if (clone.Stack != 0)
            clone.Stack += clone.StackSize;
        return Start(thread, clone);
    }

    [SystemCall(SystemCall.Fork, SupportState.Full)]
    internal static SyscallResult Fork(GuestThread thread) =>
        ProcessStart.Start(thread, new CloneArguments { ExitSignal = SignalNumber.SIGCHLD });

    [SystemCall(SystemCall.Vfork, SupportState.Partly, Missing = "the child has a copy of the memory, whose changes the parent gets when it goes on")]
    internal static SyscallResult Vfork(GuestThread thread) =>
        ProcessStart.Start(thread, new CloneArguments { Flags = CloneArguments.Vfork | CloneArguments.Vm, ExitSignal = SignalNumber.SIGCHLD });

    private static SyscallResult Start(GuestThread parent, in CloneArguments arguments)
    {
        bool isThread = arguments.Has(CloneArguments.Thread), shares = arguments.Has(CloneArguments.SigHand), sameMemory = arguments.Has(CloneArguments.Vm);
        if ((isThread && !shares) || (shares && !sameMemory) || (isThread && arguments.Has(CloneArguments.IntoCgroup)))
            return Errno.EINVAL;
        if (arguments.Has(CloneArguments.Fs) && arguments.Has(CloneArguments.NewMounts | CloneArguments.NewUsers))
            return Errno.EINVAL;
        if (!isThread)
            return ProcessStart.Start(parent, arguments);
        const ulong always = CloneArguments.Fs | CloneArguments.Files;
        if ((arguments.Flags & always) != always || arguments.SetTidSize != 0
            || arguments.Has(CloneArguments.NewNamespaces | CloneArguments.Parent | CloneArguments.Vfork | CloneArguments.PidFdFlag))
            return Errno.EINVAL;
        return StartThread(parent, arguments);
    }

    private static SyscallResult StartThread(GuestThread parent, in CloneArguments arguments)
    {
        if (parent.Kernel.TakeVcpu(parent.Memory.PageTables) is not { } vcpu)
            return Errno.EAGAIN;
        GuestThread child = new(parent.Process, vcpu) { Name = parent.Name };
        vcpu.CopyProgramStateFrom(parent.Vcpu);
        vcpu.Registers.Rax = 0;
        if (arguments.Stack != 0)
            vcpu.Registers.Rsp = arguments.Stack;
        vcpu.RegistersChanged();
        if (arguments.Has(CloneArguments.SetTls))
            vcpu.FsBase = arguments.Tls;
        if (arguments.Has(CloneArguments.ChildClearTid))
            child.ClearChildTid = new(arguments.ChildTid);
        child.Signals.InheritFrom(parent.Signals);
        child.Attributes.InheritFrom(parent.Attributes);
        GuestVirtualAddress parentTid = new(arguments.Has(CloneArguments.ParentSetTid) ? arguments.ParentTid : 0);
        GuestVirtualAddress childTid = new(arguments.Has(CloneArguments.ChildSetTid) ? arguments.ChildTid : 0);
        return HostThread.Start(child, parentTid, childTid);
    }
}
