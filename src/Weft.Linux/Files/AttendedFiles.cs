using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// Which calls on files the attendant may do: those that the host answers at once. It serves all threads, so
/// it declines what could wait for a disk, a peer or a terminal, and what is long.
/// </summary>
/// <remarks>A disk may still be waited for where a read was cached in part only, and where the host holds writers back.</remarks>
internal static class AttendedFiles
{
    private const ulong MostBytes = 64 << 10, PipeBufferBytes = 4096;
    private const int NoWait = 8, GetFlags = 3, AtCurrent = -1;
    private const int SynchronousBits = 0x101000;

    /// <summary>
    /// A host call that moves data, on whatever thread the handler runs. For the attendant: what can be done at once, else
    /// <see cref="SyscallResult.Declined"/>.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="file">The file.</param>
    /// <param name="call">read, write or one of their variants.</param>
    /// <param name="data">Host address of the buffer, or of the array of them.</param>
    /// <param name="count">Bytes of the buffer, or entries of the array.</param>
    /// <param name="bytes">How much is moved at most.</param>
    /// <param name="offset">Where, for the calls that have it.</param>
    /// <param name="flags">RWF_*, likewise.</param>
    internal static SyscallResult Transfer(GuestThread thread, FileDescription file, SystemCall call, long data, long count, ulong bytes, long offset = 0, int flags = 0)
    {
        if (!thread.IsAttended)
            return thread.Block(call, file.Host, data, count, offset, 0, flags);
        bool reads = call is SystemCall.Read or SystemCall.Pread64;
        if (bytes > MostBytes || !(reads || call is SystemCall.Write or SystemCall.Writev or SystemCall.Pwritev))
            return SyscallResult.Declined;
        switch (NatureOf(thread, file))
        {
            case FileNature.StoredFile when reads:
                return ReadCached(thread, file, data, count, call == SystemCall.Read ? AtCurrent : offset);
            case FileNature.StoredFile when (FlagsOf(file) & (SynchronousBits | OpenFlags.Direct)) != 0:
                return SyscallResult.Declined;
            case FileNature.StoredFile or FileNature.MemoryFile:
                return HostStubs.Call(call, file.Host, data, count, offset);
            case FileNature.Pipe or FileNature.Stream when call is SystemCall.Read or SystemCall.Write or SystemCall.Writev:
                return MoveThroughStream(thread, file, call, data, count, bytes);
            default:
                return SyscallResult.Declined;
        }
    }

    /// <summary>Whether close(2) of a file comes back at once: not of sockets that linger, nor of what must be flushed to a peer.</summary>
    internal static bool ClosesAtOnce(GuestThread thread, FileDescription file) =>
        NatureOf(thread, file) is FileNature.StoredFile or FileNature.MemoryFile or FileNature.Directory or FileNature.Pipe;

    /// <summary>What a file is; looked at once.</summary>
    internal static FileNature NatureOf(GuestThread thread, FileDescription file)
    {
        if (file.Nature == FileNature.Unknown)
            file.Nature = file.IsMadeUp ? FileNature.Other : Examine(thread.Scratch, file.Host);
        return file.Nature;
    }

    /// <summary>What a host descriptor is.</summary>
    internal static FileNature Examine(NativeBuffer scratch, int host)
    {
        long mode = HostFile.Mode(scratch, host);
        int type = mode < 0 ? FileType.BlockDevice : (int)mode & FileType.Mask;
        switch (type)
        {
            case FileType.Fifo:
                return FileNature.Pipe;
            // An anonymous inode (eventfd and the like) has no type.
            case FileType.Socket or 0:
                return FileNature.Stream;
            case FileType.Regular or FileType.Directory:
                bool isMemory = false;
                if (!IsLocal(HostFile.FileSystem(scratch, host), ref isMemory))
                    return FileNature.Other;
                return type == FileType.Directory ? FileNature.Directory : isMemory ? FileNature.MemoryFile : FileNature.StoredFile;
            default:
                return FileNature.Other;
        }
    }

    /// <summary>f_type of statfs(2). Source: linux/magic.h.</summary>
    private static bool IsLocal(long magic, ref bool isMemory)
    {
        const long tmpfs = 0x01021994, ramfs = 0x858458f6;
        const long ext = 0xef53, xfs = 0x58465342, btrfs = 0x9123683e, f2fs = 0xf2f52010, zfs = 0x2fc12fc1, overlay = 0x794c7630,
            squashfs = 0x73717368, erofs = 0xe0f5e1e2;
        isMemory = magic is tmpfs or ramfs;
        return isMemory || magic is ext or xfs or btrfs or f2fs or zfs or overlay or squashfs or erofs;
    }

    /// <summary>
    /// Reads what is in the page cache. Where the cache ends before the file does, the rest is waited for: a
    /// program does not expect less than a regular file has.
    /// </summary>
    private static SyscallResult ReadCached(GuestThread thread, FileDescription file, long data, long count, long offset)
    {
        SyscallResult result = Vectored(thread, SystemCall.Preadv2, file, data, count, offset);
        if (result.Error == Errno.EOPNOTSUPP)
            file.Nature = FileNature.Other;
        if (result.Error is Errno.EAGAIN or Errno.EOPNOTSUPP)
            return SyscallResult.Declined;
        if (result.Value <= 0 || result.Value == count)
            return result;
        long rest = offset == AtCurrent
            ? HostStubs.Call(SystemCall.Read, file.Host, data + result.Value, count - result.Value)
            : HostStubs.Call(SystemCall.Pread64, file.Host, data + result.Value, count - result.Value, offset + result.Value);
        return result.Value + Math.Max(rest, 0);
    }

    /// <summary>
    /// A file that never waits answers as the program expects. Of one that does, only what it could do without is
    /// taken: data that is there, or a write that a pipe takes whole or not at all.
    /// </summary>
    private static SyscallResult MoveThroughStream(GuestThread thread, FileDescription file, SystemCall call, long data, long count, ulong bytes)
    {
        bool neverWaits = (FlagsOf(file) & OpenFlags.NonBlocking) != 0;
        SyscallResult result;
        if (neverWaits)
            result = HostStubs.Call(call, file.Host, data, count);
        else if (call == SystemCall.Read)
            result = Vectored(thread, SystemCall.Preadv2, file, data, count, AtCurrent);
        else if (call == SystemCall.Write && file.Nature == FileNature.Pipe && bytes <= PipeBufferBytes)
            result = Vectored(thread, SystemCall.Pwritev2, file, data, count, AtCurrent);
        else
            return SyscallResult.Declined;
        // SIGPIPE must be there when the call returns: the thread itself sees to that.
        return result.Error is Errno.EPIPE or Errno.EOPNOTSUPP or Errno.EINTR || (result.Error == Errno.EAGAIN && !neverWaits)
            ? SyscallResult.Declined : result;
    }

    private static SyscallResult Vectored(GuestThread thread, SystemCall call, FileDescription file, long data, long count, long offset)
    {
        Span<byte> entry = thread.Scratch.Span;
        BinaryPrimitives.WriteInt64LittleEndian(entry, data);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], count);
        return HostStubs.Call(call, file.Host, (long)thread.Scratch.Address.Value, 1, offset, 0, NoWait);
    }

    private static long FlagsOf(FileDescription file) => HostStubs.CallQuick(SystemCall.Fcntl, file.Host, GetFlags);
}
