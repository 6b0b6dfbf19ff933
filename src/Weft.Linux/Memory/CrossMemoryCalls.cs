using System.Runtime.InteropServices;
using Weft.Linux.Groups;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>process_vm_readv(2) and process_vm_writev(2): on the process itself, and on members of the VM's group.</summary>
internal static class CrossMemoryCalls
{
    private const string OthersOnly = "others than the own process and the group's members are EPERM or ESRCH";
    private const int VectorWords = 2;

    [SystemCall(SystemCall.ProcessVmReadv, SupportState.Partly, Missing = OthersOnly)]
    internal static SyscallResult ReadVector(
        GuestThread thread, int processId, GuestVirtualAddress local, ulong localCount, GuestVirtualAddress remote, ulong remoteCount, ulong flags) =>
        flags != 0 ? Errno.EINVAL : Transfer(thread, processId, (local, localCount), (remote, remoteCount), false);

    [SystemCall(SystemCall.ProcessVmWritev, SupportState.Partly, Missing = OthersOnly)]
    internal static SyscallResult WriteVector(
        GuestThread thread, int processId, GuestVirtualAddress local, ulong localCount, GuestVirtualAddress remote, ulong remoteCount, ulong flags) =>
        flags != 0 ? Errno.EINVAL : Transfer(thread, processId, (local, localCount), (remote, remoteCount), true);

    /// <summary>In the kernel's order: both arrays first, then whether there is anything to move, then the process.</summary>
    private static SyscallResult Transfer(
        GuestThread thread, int processId, (GuestVirtualAddress Array, ulong Count) local, (GuestVirtualAddress Array, ulong Count) remote, bool writes)
    {
        Errno error = GuestVectors.FromArray(thread, local.Array, local.Count, writes ? PageAccess.Read : PageAccess.Write, out GuestVectors vectors);
        // An array without one accessible byte is an error only once something is moved.
        bool noneAccessible = error == Errno.EFAULT && vectors.IsCutShort;
        if (error != Errno.None && !noneAccessible)
            return error;
        if (vectors.TotalBytes == 0 && !noneAccessible)
            return SyscallResult.Success;
        if (remote.Count > GuestVectors.Most)
            return Errno.EINVAL;
        ulong[] ranges = new ulong[remote.Count * VectorWords];
        if (!thread.Memory.TryRead(remote.Array, MemoryMarshal.AsBytes(ranges.AsSpan())))
            return Errno.EFAULT;
        if (!TrySum(ranges, out ulong remoteBytes))
            return Errno.EINVAL;
        if (remoteBytes == 0)
            return SyscallResult.Success;
        int number = (int)(writes ? SystemCall.ProcessVmWritev : SystemCall.ProcessVmReadv);
        if (processId == thread.Process.Id || thread.Process.FindThread(processId) is not null)
        {
            thread.Kernel.Group?.LeadAway(thread, number);
            return noneAccessible ? Errno.EFAULT : MoveOwn(thread, vectors, ranges, writes);
        }
        if (FindPeer(thread, processId, out GroupPeer? peer) is var missing and not Errno.None)
            return missing;
        SyscallResult moved = noneAccessible ? Errno.EFAULT : MoveAll(thread, peer!, vectors, ranges, writes);
        if (moved.Value > 0)
            thread.Kernel.Group!.Prefer(thread, peer!, number);
        return moved;
    }

    /// <summary>EPERM for a process that is there but not in the group, as for one of another user on Linux.</summary>
    private static Errno FindPeer(GuestThread thread, int processId, out GroupPeer? peer)
    {
        peer = null;
        long exists = processId > 0 ? HostStubs.CallQuick(SystemCall.Kill, processId, 0) : -(long)Errno.ESRCH;
        if (exists == -(long)Errno.ESRCH)
            return Errno.ESRCH;
        Group? group = thread.Kernel.Group;
        peer = group?.Find(processId);
        return peer is not null ? Errno.None : group?.HasEnded(processId) == true ? Errno.ESRCH : Errno.EPERM;
    }

    /// <summary>Moves what the peer's answers cover, in turns, until all is moved or an access fails.</summary>
    private static SyscallResult MoveAll(GuestThread thread, GroupPeer peer, in GuestVectors local, Span<ulong> ranges, bool writes)
    {
        Span<ulong> vectors = MemoryMarshal.Cast<byte, ulong>(thread.Scratch.Span[..(local.Count * VectorWords * sizeof(ulong))]);
        ulong done = 0;
        while (vectors.Length > 0 && ranges.Length > 0)
        {
            int first = local.Count - vectors.Length / VectorWords;
            HostAddress address = local.Address + (ulong)(first * VectorWords * sizeof(ulong));
            SyscallResult moved = peer.Move(thread, (address, vectors.Length / VectorWords), ranges, writes);
            if (moved.IsRestart && done == 0)
                return moved;
            if (moved.IsError || moved.IsRestart || moved.Value == 0)
                return done > 0 ? (long)done : moved;
            done += (ulong)moved.Value;
            vectors = Advance(vectors, (ulong)moved.Value);
            ranges = Advance(ranges, (ulong)moved.Value);
        }
        return (long)done;
    }

    private static SyscallResult MoveOwn(GuestThread thread, in GuestVectors local, Span<ulong> ranges, bool writes)
    {
        Span<ulong> vectors = MemoryMarshal.Cast<byte, ulong>(thread.Scratch.Span[..(local.Count * VectorWords * sizeof(ulong))]);
        Span<ulong> others = ranges;
        ulong done = 0;
        while ((vectors = Advance(vectors, 0)).Length > 0 && (others = Advance(others, 0)).Length > 0)
        {
            ulong want = Math.Min(vectors[1], others[1]);
            if (!thread.Memory.TryGetHostRange(new(others[0]), want, writes ? PageAccess.Write : PageAccess.Read, out HostAddress other, out want))
                return done == 0 ? Errno.EFAULT : (long)done;
            HostAddress own = new(vectors[0]);
            ulong missing = writes ? HostStubs.TryCopy(other, own, want) : HostStubs.TryCopy(own, other, want);
            done += want - missing;
            if (missing != 0)
                return done == 0 ? Errno.EFAULT : (long)done;
            vectors = Advance(vectors, want);
            others = Advance(others, want);
        }
        return (long)done;
    }

    /// <summary>The array without its first bytes and the entries that are used up.</summary>
    private static Span<ulong> Advance(Span<ulong> vectors, ulong bytes)
    {
        while (vectors.Length > 0 && (bytes > 0 || vectors[1] == 0))
        {
            ulong some = Math.Min(bytes, vectors[1]);
            vectors[0] += some;
            vectors[1] -= some;
            bytes -= some;
            if (vectors[1] > 0)
                break;
            vectors = vectors[VectorWords..];
        }
        return vectors;
    }

    /// <summary>Sums the lengths. False when one is negative; the sum is cut as the kernel cuts it.</summary>
    private static bool TrySum(Span<ulong> ranges, out ulong bytes)
    {
        bytes = 0;
        for (int index = 1; index < ranges.Length; index += VectorWords)
        {
            if ((long)ranges[index] < 0)
                return false;
            ranges[index] = Math.Min(ranges[index], GuestVectors.MostBytes - bytes);
            bytes += ranges[index];
        }
        return true;
    }
}
