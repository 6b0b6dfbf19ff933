using System.Buffers.Binary;
using Weft.Linux.Memory;
using Weft.Linux.Processes;
using Weft.Linux.Signals;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>RLIMIT_FSIZE of the program, which must not be the VMM's: guest memory is files too. Source: setrlimit(2), write(2).</summary>
internal static class FileSizeLimit
{
    /// <summary>Whether the process has a limit at all: nearly none does.</summary>
    internal static bool IsSet(GuestThread thread) => Of(thread) != ulong.MaxValue;

    /// <summary>
    /// How many of these bytes a write may bring. When it may bring none, the thread gets SIGXFSZ and the write is EFBIG.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="host">The file.</param>
    /// <param name="offset">Where; null for the file's own position.</param>
    /// <param name="count">How many; cut to what may be written.</param>
    internal static Errno Cut(GuestThread thread, int host, long? offset, ref ulong count)
    {
        ulong limit = Of(thread);
        if (limit == ulong.MaxValue || count == 0 || (HostFile.Mode(thread.Scratch, host) & FileType.Mask) != FileType.Regular)
            return Errno.None;
        long start = Position(thread, host, offset);
        if (start >= 0 && (ulong)start >= limit)
            return Exceeded(thread);
        count = Math.Min(count, limit - (ulong)Math.Max(start, 0));
        return Errno.None;
    }

    /// <summary>Cuts a host iovec array in scratch memory. Returns the entries left; 0 with the error set for EFBIG.</summary>
    internal static int Cut(GuestThread thread, int host, long? offset, in GuestVectors vectors, out Errno error)
    {
        const int entryBytes = 16, lengthOffset = 8;
        ulong left = vectors.TotalBytes;
        error = Cut(thread, host, offset, ref left);
        if (error != Errno.None || left == vectors.TotalBytes)
            return error != Errno.None ? 0 : vectors.Count;
        Span<byte> entries = thread.Scratch.Span[(int)(vectors.Address.Value - thread.Scratch.Address.Value)..];
        int kept = 0;
        for (; left > 0; kept++)
        {
            Span<byte> length = entries[(kept * entryBytes + lengthOffset)..];
            ulong here = Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(length), left);
            BinaryPrimitives.WriteUInt64LittleEndian(length, here);
            left -= here;
        }
        return kept;
    }

    /// <summary>Before a file gets this length by truncate or fallocate.</summary>
    internal static Errno CheckLength(GuestThread thread, int host, long length)
    {
        if (length < 0 || (ulong)length <= Of(thread))
            return Errno.None;
        // A file that is longer already may be shortened to any length.
        const int sizeOffset = 48;
        bool grows = (HostFile.Mode(thread.Scratch, host) & FileType.Mask) == FileType.Regular
            && length > BinaryPrimitives.ReadInt64LittleEndian(thread.Scratch.Span[(PathScratch.Status + sizeOffset)..]);
        return grows ? Exceeded(thread) : Errno.None;
    }

    private static ulong Of(GuestThread thread) => thread.Process.Limits[Resource.FileSize].Soft;

    private static long Position(GuestThread thread, int host, long? offset)
    {
        const int getFlags = 3, fromCurrent = 1, sizeOffset = 48;
        bool appends = (HostStubs.CallQuick(SystemCall.Fcntl, host, getFlags) & OpenFlags.Append) != 0;
        if (appends && HostFile.Mode(thread.Scratch, host) >= 0)
            return BinaryPrimitives.ReadInt64LittleEndian(thread.Scratch.Span[(PathScratch.Status + sizeOffset)..]);
        return offset ?? HostStubs.CallQuick(SystemCall.Lseek, host, 0, fromCurrent);
    }

    private static Errno Exceeded(GuestThread thread)
    {
        thread.Signals.Send(SignalInfo.FromProcess(SignalNumber.SIGXFSZ, SignalCode.User, thread.Process.Id, (int)HostStubs.CallQuick(SystemCall.Getuid)));
        return Errno.EFBIG;
    }
}
