using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Threads;

/// <summary>The end of threads and processes.</summary>
internal static class ExitCalls
{
    private const uint FutexWaiters = 0x80000000, FutexOwnerDied = 0x40000000, FutexThreadMask = 0x3fffffff;
    private const int FutexWake = 1;

    [SystemCall(SystemCall.ExitGroup, SupportState.Full)]
    internal static SyscallResult ExitGroup(GuestThread thread, int status)
    {
        thread.Kernel.End(status & 0xff);
        return SyscallResult.Success;
    }

    [SystemCall(SystemCall.Exit, SupportState.Full)]
    internal static SyscallResult Exit(GuestThread thread, int status)
    {
        LeaveMemory(thread);
        Process process = thread.Process;
        if (process.RemoveThread(thread))
            thread.Kernel.End(status & 0xff);
        thread.Signals.End();
        thread.Finish();
        return SyscallResult.RegistersSet;
    }

    /// <summary>What others are told in memory by a thread that leaves it, by its end or by exec.</summary>
    internal static void LeaveMemory(GuestThread thread)
    {
        ReleaseRobustFutexes(thread);
        if (!thread.ClearChildTid.IsNull && thread.Memory.TryWrite(thread.ClearChildTid, 0))
            Wake(thread, thread.ClearChildTid);
    }

    [SystemCall(SystemCall.SetRobustList, SupportState.Full)]
    internal static SyscallResult SetRobustList(GuestThread thread, GuestVirtualAddress head, ulong length)
    {
        const ulong headBytes = 24;
        if (length != headBytes)
            return Errno.EINVAL;
        thread.RobustList = head;
        return SyscallResult.Success;
    }

    [SystemCall(SystemCall.GetRobustList, SupportState.Full)]
    internal static SyscallResult GetRobustList(GuestThread thread, int threadId, GuestVirtualAddress head, GuestVirtualAddress length)
    {
        GuestThread? target = threadId == 0 ? thread : thread.Process.FindThread(threadId);
        if (target is null)
            return Errno.ESRCH;
        const ulong headBytes = 24;
        return thread.Memory.TryWrite(length, headBytes) && thread.Memory.TryWrite(head, target.RobustList.Value)
            ? SyscallResult.Success : Errno.EFAULT;
    }

    /// <summary>Marks the futexes that the thread still holds. Source: linux/kernel/futex/core.c, exit_robust_list.</summary>
    private static void ReleaseRobustFutexes(GuestThread thread)
    {
        GuestVirtualAddress head = thread.RobustList;
        if (head.IsNull || !thread.Memory.TryRead(head, out ulong entry) || !thread.Memory.TryRead(head + 8, out ulong offset)
            || !thread.Memory.TryRead(head + 16, out ulong pending))
            return;
        const int mostEntries = 2048;
        const ulong priorityInheritance = 1;
        for (int count = 0; count < mostEntries && (entry & ~priorityInheritance) != head.Value; count++)
        {
            GuestVirtualAddress at = new(entry & ~priorityInheritance);
            bool more = thread.Memory.TryRead(at, out ulong next);
            if (entry != pending)
                MarkOwnerDied(thread, at + offset, (entry & priorityInheritance) != 0);
            if (!more)
                return;
            entry = next;
        }
        if (pending != 0)
            MarkOwnerDied(thread, new GuestVirtualAddress(pending & ~priorityInheritance) + offset, (pending & priorityInheritance) != 0);
    }

    private static void MarkOwnerDied(GuestThread thread, GuestVirtualAddress address, bool priorityInheritance)
    {
        if ((address.Value & 3) != 0 || !thread.Memory.TryRead(address, out uint word))
            return;
        while ((word & FutexThreadMask) == (uint)thread.ThreadId)
        {
            if (!thread.Memory.TryGetHostRange(address, sizeof(uint), PageAccess.Write, out HostAddress host, out _))
                return;
            long seen = HostStubs.TryCompareExchange(host, word, (word & FutexWaiters) | FutexOwnerDied);
            if (seen < 0)
                return;
            if ((uint)seen != word)
            {
                word = (uint)seen;
                continue;
            }
            if (!priorityInheritance && (word & FutexWaiters) != 0)
                Wake(thread, address);
            return;
        }
    }

    private static void Wake(GuestThread thread, GuestVirtualAddress address)
    {
        if (thread.Memory.TryGetHostRange(address, sizeof(uint), PageAccess.Read, out HostAddress host, out _))
            HostStubs.CallQuick(SystemCall.Futex, (long)host.Value, FutexWake, 1);
    }
}
