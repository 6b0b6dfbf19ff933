using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <summary>
/// A host iovec array in a thread's scratch memory that points at guest memory: what a system call that moves
/// bulk data hands to the host's kernel, so that data is copied once.
/// </summary>
/// <remarks>Valid while the handler runs and leaves that part of the scratch memory alone.</remarks>
public readonly ref struct GuestVectors
{
    /// <summary>Most entries, of the guest's array and of the host's: IOV_MAX.</summary>
    public const int Most = 1024;

    /// <summary>Bytes of scratch memory that an array takes at most.</summary>
    public const int ScratchBytes = Most * EntryBytes;

    /// <summary>Most bytes that one call moves: MAX_RW_COUNT. Source: linux/fs.h.</summary>
    public const ulong MostBytes = 0x7ffff000;

    private const int EntryBytes = 16;
    private const int ReadAhead = 16;

    private GuestVectors(HostAddress address, int count, ulong totalBytes, bool isCutShort)
    {
        Address = address;
        Count = count;
        TotalBytes = totalBytes;
        IsCutShort = isCutShort;
    }

    /// <summary>The first struct iovec.</summary>
    public HostAddress Address { get; }

    /// <summary>How many entries.</summary>
    public int Count { get; }

    /// <summary>How many accessible bytes they cover.</summary>
    public ulong TotalBytes { get; }

    /// <summary>
    /// The program asked for more, which is not accessible (or in more than <see cref="Most"/> pieces). Streams and
    /// files move the part before, as Linux does. The array ends with an entry that the host's kernel can't access
    /// either, so that it decides as it would for the program: a part, EFAULT, or neither when data ends before.
    /// </summary>
    public bool IsCutShort { get; }

    /// <summary>One range of guest memory.</summary>
    /// <param name="thread">The caller, whose scratch memory is used.</param>
    /// <param name="address">First byte.</param>
    /// <param name="lengthBytes">Length; above <see cref="MostBytes"/> it is cut, as Linux does.</param>
    /// <param name="need">Read for data that leaves the guest, Write for data that enters it.</param>
    /// <param name="vectors">The array.</param>
    /// <param name="scratchOffset">Where in the scratch memory the array goes; a multiple of 8, with <see cref="ScratchBytes"/> behind it.</param>
    /// <returns><see cref="Errno.None"/>, or EFAULT when not one byte is accessible.</returns>
    public static Errno FromRange(GuestThread thread, GuestVirtualAddress address, ulong lengthBytes, PageAccess need, out GuestVectors vectors, int scratchOffset = 0)
    {
        vectors = default;
        if (!IsInUserSpace(address.Value, lengthBytes))
            return Errno.EFAULT;
        Builder builder = new(thread, need, scratchOffset);
        bool isComplete = builder.Add(address, Math.Min(lengthBytes, MostBytes));
        return builder.Finish(isComplete, out vectors);
    }

    /// <summary>The ranges of a guest's struct iovec array.</summary>
    /// <param name="thread">The caller, whose scratch memory is used.</param>
    /// <param name="array">The guest's array.</param>
    /// <param name="count">Its entries.</param>
    /// <param name="need">Read for data that leaves the guest, Write for data that enters it.</param>
    /// <param name="vectors">The host's array.</param>
    /// <param name="scratchOffset">Where in the scratch memory it goes; a multiple of 8, with <see cref="ScratchBytes"/> behind it.</param>
    /// <returns><see cref="Errno.None"/>; EINVAL for more than <see cref="Most"/> entries or a negative length; EFAULT when the array can't be read or not one byte is accessible.</returns>
    public static Errno FromArray(GuestThread thread, GuestVirtualAddress array, ulong count, PageAccess need, out GuestVectors vectors, int scratchOffset = 0)
    {
        vectors = default;
        if (count > Most)
            return Errno.EINVAL;
        Builder builder = new(thread, need, scratchOffset);
        Span<GuestEntry> entries = stackalloc GuestEntry[ReadAhead];
        bool isComplete = true;
        for (ulong done = 0; done < count;)
        {
            Span<GuestEntry> some = entries[..(int)Math.Min(ReadAhead, count - done)];
            if (!thread.Memory.TryRead(array + done * EntryBytes, MemoryMarshal.AsBytes(some)))
                return Errno.EFAULT;
            foreach (GuestEntry entry in some)
            {
                // Linux checks all lengths before it moves anything, but addresses as it comes to them.
                if ((long)entry.LengthBytes < 0)
                    return Errno.EINVAL;
                if (!IsInUserSpace(entry.Address, entry.LengthBytes))
                    return Errno.EFAULT;
                if (isComplete)
                    isComplete = builder.Add(new GuestVirtualAddress(entry.Address), Math.Min(entry.LengthBytes, MostBytes - builder.TotalBytes));
            }
            done += (ulong)some.Length;
        }
        return builder.Finish(isComplete, out vectors);
    }

    /// <summary>Whether a range lies in the lower half of addresses: Linux asks that of a whole range at once, before it moves anything.</summary>
    public static bool IsInUserSpace(ulong address, ulong lengthBytes) =>
        unchecked(address + lengthBytes) is var end && end >= address && end <= long.MaxValue;

    /// <summary>struct iovec. Source: readv(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct GuestEntry
    {
        internal ulong Address;
        internal ulong LengthBytes;
    }

    private ref struct Builder(GuestThread thread, PageAccess need, int scratchOffset)
    {
        private readonly Span<GuestEntry> _entries =
            MemoryMarshal.Cast<byte, GuestEntry>(thread.Scratch.Span.Slice(scratchOffset, ScratchBytes));

        // Page 0 is never mapped (vm.mmap_min_addr).
        private const ulong NoMemory = 8, NoMemoryBytes = 4096 - NoMemory;

        private int _count;

        internal ulong TotalBytes { get; private set; }

        /// <summary>Adds a range piece by piece. False at the first byte that is not accessible, or when the array is full.</summary>
        internal bool Add(GuestVirtualAddress address, ulong lengthBytes)
        {
            while (lengthBytes > 0)
            {
                if (_count == Most)
                    return false;
                if (!thread.Memory.TryGetHostRange(address, lengthBytes, need, out HostAddress host, out ulong contiguous))
                {
                    _entries[_count++] = new GuestEntry { Address = NoMemory, LengthBytes = Math.Min(lengthBytes, NoMemoryBytes) };
                    return false;
                }
                _entries[_count++] = new GuestEntry { Address = host.Value, LengthBytes = contiguous };
                TotalBytes += contiguous;
                lengthBytes -= contiguous;
                address += contiguous;
            }
            return true;
        }

        internal readonly Errno Finish(bool isComplete, out GuestVectors vectors)
        {
            vectors = new GuestVectors(thread.Scratch.Address + (ulong)scratchOffset, _count, TotalBytes, !isComplete);
            return !isComplete && TotalBytes == 0 ? Errno.EFAULT : Errno.None;
        }
    }
}
