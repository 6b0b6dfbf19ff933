using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/mem: the process's memory by address, whatever its protection, as debuggers need it. Source: linux/fs/proc/base.c, mem_rw.</summary>
internal static class MemoryFile
{
    private const int PieceBytes = 4096;

    /// <summary>Copies between the caller's buffer and the process's memory. What was moved; EIO when nothing is there, EFAULT for the buffer.</summary>
    internal static SyscallResult Move(Process process, GuestThread thread, GuestVirtualAddress buffer, ulong count, ulong position, bool writes)
    {
        Span<byte> piece = stackalloc byte[PieceBytes];
        MemoryArea[] areas = process.Memory.SnapshotAreas();
        ulong done = 0;
        while (done < count)
        {
            ulong address = position + done;
            int length = (int)Math.Min(count - done, PieceBytes - address % PieceBytes);
            if (FindHost(process, areas, address) is not { } host)
                return done > 0 ? (long)done : Errno.EIO;
            Span<byte> part = piece[..length];
            GuestVirtualAddress own = buffer + done;
            if (writes ? !thread.Memory.TryRead(own, part) : !HostStubs.TryRead(host, part))
                return done > 0 ? (long)done : writes ? Errno.EFAULT : Errno.EIO;
            if (writes ? !HostStubs.TryWrite(host, part) : !thread.Memory.TryWrite(own, part))
                return done > 0 ? (long)done : writes ? Errno.EIO : Errno.EFAULT;
            done += (ulong)length;
        }
        return (long)done;
    }

    /// <summary>Where an address is in the VMM. Stale when another thread unmaps it: then it is other memory of the same program.</summary>
    private static HostAddress? FindHost(Process process, MemoryArea[] areas, ulong address)
    {
        foreach (MemoryArea area in areas)
            if (address >= area.Start && address < area.End && process.Memory.Fetch(address, 1))
                return process.Kernel.Machine.Memory.HostOf(area.PhysicalOf(address));
        return null;
    }
}
