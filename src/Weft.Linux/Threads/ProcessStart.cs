using System.Buffers.Binary;
using Weft.Linux.Checkpoint;
using Weft.Linux.Files;
using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;
using ThreadState = Weft.Linux.Checkpoint.ThreadState;

namespace Weft.Linux.Threads;

/// <summary>A new process: another VM, whose VMM is a host child of this one, goes on behind the call with a copy of the memory.</summary>
internal static class ProcessStart
{
    /// <summary>Starts a child. Returns its id, once it exists; or an error of clone(2).</summary>
    internal static SyscallResult Start(GuestThread parent, in CloneArguments arguments)
    {
        Errno error = Check(parent, arguments);
        if (error != Errno.None)
            return error;
        if ((error = parent.Memory.Capture(out MemoryState? memory, leavesLarge: arguments.Has(CloneArguments.Vfork))) != Errno.None)
            return error is Errno.ENOSYS ? error : Errno.ENOMEM;
        using (memory)
        {
            bool isHeld = arguments.Has(CloneArguments.Vfork), waits = isHeld || memory!.HasSystemV;
            int ownEnd = -1, childEnd = -1;
            if (waits && !TryCreateSockets(parent.Scratch, out ownEnd, out childEnd))
                return Errno.EAGAIN;
            SyscallResult child = Spawn(parent, new ForkState
            {
                Thread = ThreadOf(parent, arguments),
                Memory = memory!,
                Image = parent.Process.Image!,
                ChildTid = arguments.Has(CloneArguments.ChildSetTid) ? arguments.ChildTid : 0,
                ParentSocket = childEnd,
                HoldsParent = isHeld,
            }, arguments.Has(CloneArguments.ClearSigHand));
            if (waits)
                HostFile.Close(childEnd);
            if (!child.IsError)
                Tell(parent, arguments, (int)child.Value);
            if (waits && !child.IsError)
                new ParentLink(ownEnd).Serve(parent.Memory);
            if (waits)
                HostFile.Close(ownEnd);
            return child;
        }
    }

    private static Errno Check(GuestThread parent, in CloneArguments arguments)
    {
        const ulong never = CloneArguments.Fs | CloneArguments.Files | CloneArguments.SigHand | CloneArguments.Parent | CloneArguments.IntoCgroup;
        if (arguments.Has(CloneArguments.SigHand) && arguments.Has(CloneArguments.ClearSigHand))
            return Errno.EINVAL;
        if (arguments.Has(CloneArguments.NewNamespaces) || arguments.SetTidSize != 0)
            return Errno.EPERM;
        if (!arguments.Has(never) && arguments.ExitSignal == SignalNumber.SIGCHLD
            && (arguments.Has(CloneArguments.Vfork) || !arguments.Has(CloneArguments.Vm)))
            return Errno.None;
        parent.Kernel.Statistics.SayOnce("clone", "the program asked for a process that shares memory or files with it; Weft has none, it got EINVAL");
        return Errno.EINVAL;
    }

    private static ThreadState ThreadOf(GuestThread parent, in CloneArguments arguments)
    {
        ThreadState thread = ThreadState.Capture(parent);
        thread.Registers = thread.Registers with { Rax = 0, Rsp = arguments.Stack != 0 ? arguments.Stack : thread.Registers.Rsp };
        if (arguments.Has(CloneArguments.SetTls))
            thread.FsBase = arguments.Tls;
        if (arguments.Has(CloneArguments.ChildClearTid))
            thread.ClearChildTid = arguments.ChildTid;
        return thread;
    }

    private static SyscallResult Spawn(GuestThread parent, ForkState fork, bool clearsHandlers)
    {
        ProcessState state = ProcessState.ForChild(parent, out IReadOnlyList<FileDescription> held) with { Fork = fork };
        if (clearsHandlers)
            state = state with { Signals = state.Signals.WithoutHandlers() };
        long file = StateFile.Create(state);
        long child = file;
        if (file >= 0)
        {
            child = Offspring.Start(state, (int)file, parent);
            HostFile.Close((int)file);
        }
        FileTableState.Release(held);
        return child >= 0 ? child : child == -(long)Errno.ENOMEM ? Errno.ENOMEM : Errno.EAGAIN;
    }

    /// <summary>Writes what the parent asked to know. As on Linux an address that cannot be written is its own fault and no error.</summary>
    private static void Tell(GuestThread parent, in CloneArguments arguments, int child)
    {
        if (arguments.Has(CloneArguments.ParentSetTid))
            parent.Memory.TryWrite(new(arguments.ParentTid), child);
        if (!arguments.Has(CloneArguments.PidFdFlag))
            return;
        SyscallResult number = parent.Files.InstallHost(HostStubs.Call(SystemCall.PidfdOpen, child), closeOnExec: true);
        parent.Memory.TryWrite(new GuestVirtualAddress(arguments.PidFd), (int)number.Value);
    }

    private static bool TryCreateSockets(NativeBuffer scratch, out int ownEnd, out int childEnd)
    {
        const int unix = 1, streamCloseOnExec = 0x80001;
        bool isMade = HostStubs.Call(SystemCall.Socketpair, unix, streamCloseOnExec, 0, (long)scratch.Address.Value) >= 0;
        ownEnd = BinaryPrimitives.ReadInt32LittleEndian(scratch.Span);
        childEnd = BinaryPrimitives.ReadInt32LittleEndian(scratch.Span[sizeof(int)..]);
        return isMade;
    }
}
