using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Processes;

/// <summary>Which processors a thread may use, and which it is on.</summary>
internal static class AffinityCalls
{
    private const int MostMaskBytes = 8192;

    [SystemCall(SystemCall.SchedGetaffinity, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Get(GuestThread thread, int threadId, uint lengthBytes, GuestVirtualAddress mask)
    {
        int count = thread.Kernel.Options.ProcessorCount;
        if ((ulong)lengthBytes * 8 < (ulong)count || lengthBytes % sizeof(ulong) != 0)
            return Errno.EINVAL;
        if (Find(thread, threadId) is not { } target)
            return GetForeign(thread, threadId, lengthBytes, mask);
        ulong[] held = target.Attributes.Affinity ?? ProcessorSet.All(count);
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(held.AsSpan());
        bytes = bytes[..(int)Math.Min(lengthBytes, (uint)bytes.Length)];
        return thread.Memory.TryWrite(mask, bytes) ? bytes.Length : Errno.EFAULT;
    }

    [SystemCall(SystemCall.SchedSetaffinity, SupportState.Partly, Ways = CallWays.Attendant,
        Missing = "kept and returned; it moves the thread only where the VM has exactly the host's processors")]
    internal static SyscallResult Set(GuestThread thread, int threadId, uint lengthBytes, GuestVirtualAddress mask)
    {
        int count = thread.Kernel.Options.ProcessorCount;
        ulong[] wanted = new ulong[ProcessorSet.Words(count)];
        int take = (int)Math.Min(lengthBytes, (uint)wanted.Length * sizeof(ulong));
        if (!thread.Memory.TryRead(mask, MemoryMarshal.AsBytes(wanted.AsSpan())[..take]))
            return Errno.EFAULT;
        if (Find(thread, threadId) is not { } target)
            return HostStubs.CallQuick(SystemCall.SchedGetscheduler, threadId) < 0 ? Errno.ESRCH : Errno.EPERM;
        ulong[] all = ProcessorSet.All(count);
        ulong any = 0;
        for (int word = 0; word < wanted.Length; word++)
            any |= wanted[word] &= all[word];
        if (any == 0)
            return Errno.EINVAL;
        if (ProcessorSet.MatchesHost(count))
        {
            Span<byte> scratch = thread.Scratch.Span;
            MemoryMarshal.AsBytes(wanted.AsSpan()).CopyTo(scratch);
            long result = HostStubs.Call(SystemCall.SchedSetaffinity, target.ThreadId, wanted.Length * sizeof(ulong), (long)thread.Scratch.Address.Value);
            if (result < 0)
                return result;
        }
        target.Attributes.Affinity = wanted;
        return SyscallResult.Success;
    }

    /// <summary>The host's processor where the VM has the host's; otherwise one of the thread's, always the same.</summary>
    [SystemCall(SystemCall.Getcpu, SupportState.Full)]
    internal static SyscallResult GetProcessor(GuestThread thread, GuestVirtualAddress processor, GuestVirtualAddress node)
    {
        HostStubs.CallQuick(SystemCall.Getcpu, (long)thread.Scratch.Address.Value);
        uint current = MemoryMarshal.Read<uint>(thread.Scratch.Span);
        int count = thread.Kernel.Options.ProcessorCount;
        if (thread.Attributes.Affinity is { } affinity)
        {
            if (!ProcessorSet.MatchesHost(count) || !ProcessorSet.Contains(affinity, (int)current))
                current = (uint)ProcessorSet.Lowest(affinity);
        }
        else
            current %= (uint)count;
        return (processor.IsNull || thread.Memory.TryWrite(processor, current)) && (node.IsNull || thread.Memory.TryWrite(node, 0u))
            ? SyscallResult.Success : Errno.EFAULT;
    }

    private static GuestThread? Find(GuestThread thread, int threadId) =>
        threadId == 0 || threadId == thread.ThreadId ? thread : thread.Process.FindThread(threadId);

    /// <summary>Another process's affinity, as the host has it: its processors are the host's.</summary>
    private static SyscallResult GetForeign(GuestThread thread, int threadId, uint lengthBytes, GuestVirtualAddress mask)
    {
        int most = (int)Math.Min(lengthBytes, MostMaskBytes);
        long bytes = HostStubs.CallQuick(SystemCall.SchedGetaffinity, threadId, most, (long)thread.Scratch.Address.Value);
        if (bytes < 0)
            return bytes;
        return thread.Memory.TryWrite(mask, thread.Scratch.Span[..(int)bytes]) ? bytes : Errno.EFAULT;
    }
}
