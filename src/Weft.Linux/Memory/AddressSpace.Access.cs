using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    /// <summary>
    /// Finds where a guest range is in the VMM's memory, as far as it is contiguous there and the program itself
    /// has the access. The result may go stale when another guest thread unmaps it: give it to the host's
    /// kernel or to <see cref="HostStubs"/>' copies, never to a plain pointer.
    /// </summary>
    /// <param name="address">First byte.</param>
    /// <param name="lengthBytes">How much is wanted, above 0.</param>
    /// <param name="need">Read, Write or both.</param>
    /// <param name="host">Where it is.</param>
    /// <param name="contiguousBytes">How much of it, at most <paramref name="lengthBytes"/>.</param>
    /// <returns>False when the first byte is not accessible: EFAULT.</returns>
    public bool TryGetHostRange(GuestVirtualAddress address, ulong lengthBytes, PageAccess need, out HostAddress host, out ulong contiguousBytes)
    {
        ulong inPage = PageSize - (address.Value & (PageSize - 1));
        if (lengthBytes <= inPage && _tables.TryTranslate(address, out GuestPhysicalAddress physical, out PageAccess access)
            && (access & need) == need && (access & PageAccess.Supervisor) == 0 && IsProgramAddress(address.Value))
        {
            host = _memory.HostOf(physical);
            contiguousBytes = lengthBytes;
            return true;
        }
        lock (_lock)
        {
            host = default;
            contiguousBytes = 0;
            if (!IsProgramAddress(address.Value))
                return false;
            MemoryArea? area = FindLocked(address.Value) ?? GrowDownLocked(address.Value);
            if (area is null || (AccessOf(area.Protection) & need) != need)
                return false;
            host = _memory.HostOf(area.PhysicalOf(address.Value));
            contiguousBytes = Math.Min(lengthBytes, area.End - address.Value);
            if (!FetchLocked(address.Value, address.Value + contiguousBytes))
                return false;
            return (need & PageAccess.Write) == 0 || MayWriteLocked(area, address.Value, address.Value + contiguousBytes);
        }
    }

    /// <summary>Whether the program may have a mapping there: not where the machine's pages and the windows of a group are.</summary>
    private bool IsProgramAddress(ulong address) => address < End && !MeetsPeerWindows(address, 1);

    /// <summary>Copies out of guest memory. False (EFAULT) when any byte is not readable.</summary>
    public bool TryRead(GuestVirtualAddress address, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            if (!TryGetHostRange(address, (ulong)destination.Length, PageAccess.Read, out HostAddress host, out ulong count)
                || !HostStubs.TryRead(host, destination[..(int)count]))
                return false;
            destination = destination[(int)count..];
            address += count;
        }
        return true;
    }

    /// <summary>Copies into guest memory. False (EFAULT) when any byte is not writable; what comes before it is written.</summary>
    public bool TryWrite(GuestVirtualAddress address, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            if (!TryGetHostRange(address, (ulong)source.Length, PageAccess.Write, out HostAddress host, out ulong count)
                || !HostStubs.TryWrite(host, source[..(int)count]))
                return false;
            source = source[(int)count..];
            address += count;
        }
        return true;
    }

    /// <summary>Reads a value of a plain structure. False for EFAULT.</summary>
    public bool TryRead<T>(GuestVirtualAddress address, out T value) where T : unmanaged
    {
        value = default;
        return TryRead(address, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    /// <summary>Writes a value of a plain structure. False for EFAULT.</summary>
    public bool TryWrite<T>(GuestVirtualAddress address, in T value) where T : unmanaged =>
        TryWrite(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Zeroes guest memory. False for EFAULT.</summary>
    public bool TryZero(GuestVirtualAddress address, ulong lengthBytes)
    {
        while (lengthBytes > 0)
        {
            if (!TryGetHostRange(address, lengthBytes, PageAccess.Write, out HostAddress host, out ulong count)
                || HostStubs.TryZero(host, count) != 0)
                return false;
            lengthBytes -= count;
            address += count;
        }
        return true;
    }

    /// <summary>Reads a string up to its terminating 0, without it.</summary>
    /// <param name="address">First byte.</param>
    /// <param name="mostBytes">Longest length without the 0.</param>
    /// <param name="text">The bytes, in the program's encoding.</param>
    /// <returns><see cref="Errno.None"/>, EFAULT, or ENAMETOOLONG when no 0 comes in time.</returns>
    public Errno ReadString(GuestVirtualAddress address, int mostBytes, out byte[] text)
    {
        text = [];
        Span<byte> piece = stackalloc byte[256];
        for (int read = 0; read <= mostBytes;)
        {
            // Never past a page's end: the next page may not be mapped, and need not be.
            int count = (int)Math.Min((ulong)piece.Length, PageSize - (address.Value & (PageSize - 1)));
            if (!TryRead(address, piece[..count]))
                return Errno.EFAULT;
            int length = piece[..count].IndexOf((byte)0);
            int take = length < 0 ? count : length;
            byte[] longer = new byte[read + take];
            text.CopyTo(longer, 0);
            piece[..take].CopyTo(longer.AsSpan(read));
            text = longer;
            read += take;
            if (length >= 0)
                return read > mostBytes ? Errno.ENAMETOOLONG : Errno.None;
            address += (ulong)count;
        }
        return Errno.ENAMETOOLONG;
    }
}
