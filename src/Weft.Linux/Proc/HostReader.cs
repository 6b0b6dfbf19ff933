using System.Collections.Concurrent;
using System.Text;
using Weft.Native;

namespace Weft.Linux.Proc;

/// <summary>Reads the host's pseudo files. Paths and texts have a char a byte.</summary>
/// <remarks>Thread-safe. Never follows a link at the end of a path when it describes or reads one; never blocks on a file without data.</remarks>
internal sealed class HostReader
{
    private const int CurrentDirectory = -100, NoFollow = 0x100, BufferBytes = 64 << 10, PathBytes = 4096, MostBytes = 16 << 20;
    private const int ReadOnlyFlags = 0x80000 | 0x800, WriteOnlyFlags = 0x80001, DirectoryFlag = 0x10000;
    private readonly ConcurrentBag<NativeBuffer> _buffers = [];

    /// <summary>A file's content, cut at 16 MiB; null when it can't be opened. An error on the way ends it early.</summary>
    internal byte[]? ReadAll(string path)
    {
        NativeBuffer buffer = Take();
        try
        {
            long descriptor = Open(buffer, path, ReadOnlyFlags);
            if (descriptor < 0)
                return null;
            byte[] content = ReadToEnd(buffer, descriptor);
            HostStubs.Call(SystemCall.Close, descriptor);
            return content;
        }
        finally
        {
            _buffers.Add(buffer);
        }
    }

    /// <summary><see cref="ReadAll"/> as text, "" when it can't be opened.</summary>
    internal string ReadText(string path) => ReadAll(path) is { } content ? Encoding.Latin1.GetString(content) : "";

    /// <summary>Writes a whole content by one call. The host's result.</summary>
    internal SyscallResult Write(string path, ReadOnlySpan<byte> content)
    {
        NativeBuffer buffer = Take();
        try
        {
            long descriptor = Open(buffer, path, WriteOnlyFlags);
            if (descriptor < 0)
                return descriptor;
            content = content[..Math.Min(content.Length, BufferBytes - PathBytes)];
            content.CopyTo(buffer.Span[PathBytes..]);
            long result = HostStubs.Call(SystemCall.Write, descriptor, (long)buffer.Address.Value + PathBytes, content.Length);
            HostStubs.Call(SystemCall.Close, descriptor);
            return result;
        }
        finally
        {
            _buffers.Add(buffer);
        }
    }

    /// <summary>A link's text, or null.</summary>
    internal string? ReadLink(string path)
    {
        NativeBuffer buffer = Take();
        long length = PutPath(buffer, path) is var address and not 0
            ? HostStubs.Call(SystemCall.Readlinkat, CurrentDirectory, address, address + PathBytes, PathBytes)
            : -(long)Errno.ENAMETOOLONG;
        string? text = length < 0 ? null : Encoding.Latin1.GetString(buffer.Span.Slice(PathBytes, (int)length));
        _buffers.Add(buffer);
        return text;
    }

    /// <summary>Where a path leads, without links, in the path's encoding; null when it leads nowhere.</summary>
    internal string? CanonicalPath(string path)
    {
        const int pathOnly = 0x280000;
        NativeBuffer buffer = Take();
        long descriptor = Open(buffer, path, pathOnly);
        _buffers.Add(buffer);
        if (descriptor < 0)
            return null;
        string? canonical = ReadLink($"/proc/self/fd/{descriptor}");
        HostStubs.Call(SystemCall.Close, descriptor);
        return canonical;
    }

    /// <summary>st_mode of what stands at a path, not followed; -1 for nothing.</summary>
    internal int Mode(string path) => Status(path)?.Mode ?? -1;

    /// <summary>Whether a path, not followed, still leads to a file.</summary>
    internal bool IsAt(string path, ulong device, ulong inode) =>
        Status(path) is { } status && status.Device == device && status.Inode == inode;

    private (ulong Device, ulong Inode, int Mode)? Status(string path)
    {
        // struct stat of x86-64: st_dev is at 0, st_ino at 8, st_mode at 24. Source: asm/stat.h.
        const int inodeOffset = 8, modeOffset = 24;
        NativeBuffer buffer = Take();
        long address = PutPath(buffer, path);
        bool found = address != 0 && HostStubs.Call(SystemCall.Newfstatat, CurrentDirectory, address, address + PathBytes, NoFollow) == 0;
        ReadOnlySpan<byte> status = buffer.Span[PathBytes..];
        (ulong, ulong, int)? result = found
            ? (BitConverter.ToUInt64(status), BitConverter.ToUInt64(status[inodeOffset..]), BitConverter.ToInt32(status[modeOffset..]))
            : null;
        _buffers.Add(buffer);
        return result;
    }

    /// <summary>Whether anything stands at a path.</summary>
    internal bool Exists(string path) => Mode(path) >= 0;

    /// <summary>A directory's entries without "." and "..": name and d_type; none when it can't be read.</summary>
    internal List<(string Name, byte Type)> List(string path)
    {
        List<(string, byte)> entries = [];
        NativeBuffer buffer = Take();
        long descriptor = Open(buffer, path, ReadOnlyFlags | DirectoryFlag);
        if (descriptor >= 0)
        {
            long length;
            while ((length = HostStubs.Call(SystemCall.Getdents64, descriptor, (long)buffer.Address.Value, BufferBytes)) > 0)
                ParseEntries(buffer.Span[..(int)length], entries);
            HostStubs.Call(SystemCall.Close, descriptor);
        }
        _buffers.Add(buffer);
        return entries;
    }

    /// <summary>struct linux_dirent64: d_ino, d_off, d_reclen at 16, d_type at 18, d_name at 19. Source: getdents(2).</summary>
    private static void ParseEntries(ReadOnlySpan<byte> records, List<(string, byte)> entries)
    {
        while (records.Length > 19)
        {
            int length = BitConverter.ToUInt16(records[16..]);
            ReadOnlySpan<byte> name = records[19..length];
            name = name[..name.IndexOf((byte)0)];
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                entries.Add((Encoding.Latin1.GetString(name), records[18]));
            records = records[length..];
        }
    }

    private static byte[] ReadToEnd(NativeBuffer buffer, long descriptor)
    {
        byte[] content = [];
        while (content.Length < MostBytes)
        {
            long length = HostStubs.Call(SystemCall.Read, descriptor, (long)buffer.Address.Value, BufferBytes);
            if (length <= 0)
                break;
            int before = content.Length;
            Array.Resize(ref content, before + (int)length);
            buffer.Span[..(int)length].CopyTo(content.AsSpan(before));
        }
        return content;
    }

    private static long Open(NativeBuffer buffer, string path, int flags) =>
        PutPath(buffer, path) is var address and not 0
            ? HostStubs.Call(SystemCall.Openat, CurrentDirectory, address, flags)
            : -(long)Errno.ENAMETOOLONG;

    private static long PutPath(NativeBuffer buffer, string path)
    {
        if (path.Length >= PathBytes)
            return 0;
        Encoding.Latin1.GetBytes(path, buffer.Span);
        buffer.Span[path.Length] = 0;
        return (long)buffer.Address.Value;
    }

    private NativeBuffer Take() => _buffers.TryTake(out NativeBuffer? buffer) ? buffer : new NativeBuffer(BufferBytes);
}
