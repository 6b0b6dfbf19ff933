using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Memory policies: the VM is a machine of one node, node 0.</summary>
internal static class NodeCalls
{
    private const int Default = 0, Preferred = 1, Bind = 2, Interleave = 3, Local = 4, PreferredMany = 5;
    private const int StaticNodes = 0x8000, RelativeNodes = 0x4000, NumaBalancing = 0x2000, ModeFlags = StaticNodes | RelativeNodes | NumaBalancing;
    private const ulong MostNodes = 8 * 4096;

    [SystemCall(SystemCall.SetMempolicy, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult SetPolicy(GuestThread thread, int mode, GuestVirtualAddress nodes, ulong mostNode)
    {
        Errno error = ReadPolicy(thread, mode, nodes, mostNode, out ulong held);
        if (error != Errno.None)
            return error;
        thread.Attributes.MemoryPolicy = mode;
        thread.Attributes.MemoryPolicyNodes = held;
        return SyscallResult.Success;
    }

    [SystemCall(SystemCall.Mbind, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult BindRange(GuestThread thread, ulong start, ulong length, int mode, GuestVirtualAddress nodes, ulong mostNode, uint flags)
    {
        const uint strict = 1, move = 2, moveAll = 4, pageMask = 4095;
        if ((flags & ~(strict | move | moveAll)) != 0 || (start & pageMask) != 0 || start + length < start)
            return Errno.EINVAL;
        if ((flags & moveAll) != 0)
            return Errno.EPERM;
        return ReadPolicy(thread, mode, nodes, mostNode, out _);
    }

    [SystemCall(SystemCall.GetMempolicy, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetPolicy(GuestThread thread, GuestVirtualAddress mode, GuestVirtualAddress nodes, ulong mostNode, ulong address, ulong flags)
    {
        const ulong ofNode = 1, ofAddress = 2, allowedNodes = 4;
        if ((flags & ~(ofNode | ofAddress | allowedNodes)) != 0 || (!nodes.IsNull && mostNode < 1))
            return Errno.EINVAL;
        int answer = thread.Attributes.MemoryPolicy;
        ulong held = thread.Attributes.MemoryPolicyNodes;
        if ((flags & allowedNodes) != 0)
        {
            if ((flags & (ofNode | ofAddress)) != 0)
                return Errno.EINVAL;
            (answer, held) = (0, 1);
        }
        else if ((flags & ofAddress) != 0)
        {
            if (!thread.Memory.TryGetHostRange(new(address), 1, PageAccess.Read, out _, out _))
                return Errno.EFAULT;
            (answer, held) = (0, 0);
        }
        else if (address != 0)
            return Errno.EINVAL;
        else if ((flags & ofNode) != 0)
        {
            if ((answer & ~ModeFlags) != Interleave)
                return Errno.EINVAL;
            answer = 0;
        }
        if (!mode.IsNull && !thread.Memory.TryWrite(mode, answer))
            return Errno.EFAULT;
        return nodes.IsNull || WriteNodes(thread, nodes, mostNode, held) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.MigratePages, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult MigratePages(GuestThread thread, int processId, ulong mostNode, GuestVirtualAddress from, GuestVirtualAddress to)
    {
        if (processId != 0 && processId != thread.Process.Id)
            return Errno.EPERM;
        Errno error = ReadNodes(thread, from, mostNode, out _);
        if (error == Errno.None)
            error = ReadNodes(thread, to, mostNode, out ulong target) is var second && second != Errno.None ? second
                : target == 0 ? Errno.EINVAL : Errno.None;
        return error;
    }

    private static Errno ReadPolicy(GuestThread thread, int mode, GuestVirtualAddress nodes, ulong mostNode, out ulong held)
    {
        Errno error = ReadNodes(thread, nodes, mostNode, out held);
        if (error != Errno.None)
            return error;
        const int bothFlags = StaticNodes | RelativeNodes;
        if ((mode & bothFlags) == bothFlags)
            return Errno.EINVAL;
        switch (mode & ~ModeFlags)
        {
            case Default or Local:
                return held == 0 ? Errno.None : Errno.EINVAL;
            case Preferred:
                return Errno.None;
            case Bind or Interleave or PreferredMany:
                return held != 0 ? Errno.None : Errno.EINVAL;
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>Reads a node mask. EINVAL when it names only nodes that are not there.</summary>
    private static Errno ReadNodes(GuestThread thread, GuestVirtualAddress nodes, ulong mostNode, out ulong held)
    {
        held = 0;
        // The kernel counts one bit less than it is told: set_mempolicy(2).
        ulong bits = mostNode - 1;
        if (mostNode == 0 || nodes.IsNull || bits == 0)
            return Errno.None;
        if (bits > MostNodes)
            return Errno.EINVAL;
        bool beyond = false;
        for (ulong bit = 0; bit < bits; bit += 64)
        {
            if (!thread.Memory.TryRead(nodes + bit / 8, out ulong word))
                return Errno.EFAULT;
            if (bits - bit < 64)
                word &= (1UL << (int)(bits - bit)) - 1;
            if (bit == 0)
                held = word & 1;
            beyond |= (bit == 0 ? word & ~1UL : word) != 0;
        }
        return beyond && held == 0 ? Errno.EINVAL : Errno.None;
    }

    private static bool WriteNodes(GuestThread thread, GuestVirtualAddress nodes, ulong mostNode, ulong held)
    {
        ulong bytes = (Math.Min(mostNode, MostNodes) + 63) / 64 * 8;
        return thread.Memory.TryZero(nodes, bytes) && thread.Memory.TryWrite(nodes, held);
    }
}
