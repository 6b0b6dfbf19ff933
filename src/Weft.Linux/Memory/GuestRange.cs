using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>A range of a program's memory, as struct iovec names it: nothing about it is checked. Source: readv(2).</summary>
/// <param name="Address">First byte.</param>
/// <param name="LengthBytes">Length.</param>
public readonly record struct GuestRange(GuestVirtualAddress Address, ulong LengthBytes)
{
    /// <summary>Reads a struct iovec array.</summary>
    /// <returns><see cref="Errno.None"/>; EINVAL for too many entries or a negative length, EFAULT.</returns>
    internal static Errno Read(GuestThread thread, GuestVirtualAddress array, ulong count, out GuestRange[] ranges)
    {
        ranges = [];
        if (count > GuestVectors.Most)
            return Errno.EINVAL;
        ulong[] words = new ulong[count * 2];
        if (!thread.Memory.TryRead(array, MemoryMarshal.AsBytes(words.AsSpan())))
            return Errno.EFAULT;
        ranges = new GuestRange[count];
        for (int i = 0; i < ranges.Length; i++)
        {
            ranges[i] = new GuestRange(new GuestVirtualAddress(words[2 * i]), words[2 * i + 1]);
            if ((long)ranges[i].LengthBytes < 0)
                return Errno.EINVAL;
        }
        return Errno.None;
    }

    /// <summary>Writes bytes at an offset into ranges that follow one another. False when some of them can't be written, or don't fit.</summary>
    internal static bool TryWrite(GuestThread thread, ReadOnlySpan<GuestRange> ranges, ulong offset, ReadOnlySpan<byte> bytes)
    {
        foreach (GuestRange range in ranges)
        {
            if (offset >= range.LengthBytes)
            {
                offset -= range.LengthBytes;
                continue;
            }
            int length = (int)Math.Min((ulong)bytes.Length, range.LengthBytes - offset);
            if (!thread.Memory.TryWrite(range.Address + offset, bytes[..length]))
                return false;
            bytes = bytes[length..];
            offset = 0;
            if (bytes.IsEmpty)
                return true;
        }
        return bytes.IsEmpty;
    }
}
