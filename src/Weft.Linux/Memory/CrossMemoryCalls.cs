using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>process_vm_readv(2) and process_vm_writev(2).</summary>
internal static class CrossMemoryCalls
{
    private const string OwnOnly = "only on the process itself; others are ESRCH";
    private const int MostVectors = 1024;
    private const ulong MostBytes = 0x7fff_f000;

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        internal ulong Base, Length;
    }

    [SystemCall(SystemCall.ProcessVmReadv, SupportState.Partly, Missing = OwnOnly)]
    internal static SyscallResult ReadVector(
        GuestThread thread, int processId, GuestVirtualAddress local, ulong localCount, GuestVirtualAddress remote, ulong remoteCount, ulong flags) =>
        flags != 0 ? Errno.EINVAL : Transfer(thread, processId, remote, remoteCount, local, localCount);

    [SystemCall(SystemCall.ProcessVmWritev, SupportState.Partly, Missing = OwnOnly)]
    internal static SyscallResult WriteVector(
        GuestThread thread, int processId, GuestVirtualAddress local, ulong localCount, GuestVirtualAddress remote, ulong remoteCount, ulong flags) =>
        flags != 0 ? Errno.EINVAL : Transfer(thread, processId, local, localCount, remote, remoteCount);

    private static SyscallResult Transfer(
        GuestThread thread, int processId, GuestVirtualAddress from, ulong fromCount, GuestVirtualAddress to, ulong toCount)
    {
        if (fromCount > MostVectors || toCount > MostVectors)
            return Errno.EINVAL;
        IoVector[] sources = new IoVector[fromCount], targets = new IoVector[toCount];
        if (!thread.Memory.TryRead(from, MemoryMarshal.AsBytes(sources.AsSpan())) || !thread.Memory.TryRead(to, MemoryMarshal.AsBytes(targets.AsSpan())))
            return Errno.EFAULT;
        if (thread.Process.FindThread(processId) is null)
            return Errno.ESRCH;
        ulong done = Copy(thread.Memory, sources, targets, out bool faulted);
        return done == 0 && faulted ? Errno.EFAULT : (long)done;
    }

    private static ulong Copy(AddressSpace memory, IoVector[] sources, IoVector[] targets, out bool faulted)
    {
        ulong done = 0, sourceOffset = 0, targetOffset = 0;
        faulted = false;
        for (int s = 0, t = 0; s < sources.Length && t < targets.Length && done < MostBytes;)
        {
            ulong want = Math.Min(sources[s].Length - sourceOffset, targets[t].Length - targetOffset);
            want = Math.Min(want, MostBytes - done);
            if (want > 0)
            {
                if (!memory.TryGetHostRange(new(sources[s].Base + sourceOffset), want, PageAccess.Read, out HostAddress source, out ulong readable)
                    || !memory.TryGetHostRange(new(targets[t].Base + targetOffset), readable, PageAccess.Write, out HostAddress target, out want))
                {
                    faulted = true;
                    break;
                }
                ulong missing = HostStubs.TryCopy(target, source, want);
                done += want - missing;
                if (missing != 0)
                {
                    faulted = true;
                    break;
                }
            }
            sourceOffset += want;
            targetOffset += want;
            if (sourceOffset >= sources[s].Length)
                (s, sourceOffset) = (s + 1, 0);
            if (t < targets.Length && targetOffset >= targets[t].Length)
                (t, targetOffset) = (t + 1, 0);
        }
        return done;
    }
}
