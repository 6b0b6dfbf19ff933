using System.Text;
using Weft.Native;

namespace Weft.Linux.Loading;

/// <summary>An executable open on the host, as the loader reads it.</summary>
/// <remarks>Owns the descriptor.</remarks>
internal sealed class ProgramFile : IDisposable
{
    private const int HeadBytes = 64 << 10;
    private const int SizeOffset = 48, ModeOffset = 24, StatBytes = 144;
    private const uint TypeMask = 0xf000, RegularFile = 0x8000, AnyExecute = 0x49;

    private ProgramFile(int descriptor, string path)
    {
        Descriptor = descriptor;
        Path = path;
    }

    internal int Descriptor { get; }

    internal string Path { get; }

    /// <summary>The host's path without links, which /proc/self/exe and maps name; <see cref="Path"/> where the host doesn't tell.</summary>
    internal string CanonicalPath { get; private set; } = "";

    internal long Length { get; private set; }

    internal ulong Device { get; private set; }

    internal ulong Inode { get; private set; }

    /// <summary>The first 64 KiB, or all of a shorter file.</summary>
    internal byte[] Head { get; private set; } = [];

    /// <summary>Takes over a host descriptor open for reading. Null and an error when it is no file that may be executed.</summary>
    internal static ProgramFile? TryAdopt(int descriptor, string path, out Errno error)
    {
        ProgramFile file = new(descriptor, path);
        using NativeBuffer buffer = new(HeadBytes);
        error = (Errno)(-HostStubs.Call(SystemCall.Fstat, descriptor, (long)buffer.Address.Value));
        if (error == Errno.None)
        {
            uint mode = BitConverter.ToUInt32(buffer.Span[ModeOffset..]);
            file.Device = BitConverter.ToUInt64(buffer.Span);
            file.Inode = BitConverter.ToUInt64(buffer.Span[8..]);
            file.Length = BitConverter.ToInt64(buffer.Span[SizeOffset..StatBytes]);
            error = (mode & TypeMask) != RegularFile ? Errno.EACCES : ExecuteError(descriptor, mode, buffer);
        }
        if (error == Errno.None)
        {
            file.CanonicalPath = CanonicalPathOf(descriptor, buffer) ?? path;
            file.Head = file.Read(0, HeadBytes, buffer);
            return file;
        }
        file.Dispose();
        return null;
    }

    /// <summary>Bytes from an offset on; fewer when the file ends.</summary>
    internal byte[] Read(long offset, int lengthBytes)
    {
        using NativeBuffer buffer = new(Math.Max(lengthBytes, 1));
        return Read(offset, lengthBytes, buffer);
    }

    /// <inheritdoc/>
    public void Dispose() => HostStubs.Call(SystemCall.Close, Descriptor);

    /// <summary>Whether the caller may execute a file: its permissions, and those of its mount.</summary>
    private static Errno ExecuteError(int descriptor, uint mode, NativeBuffer buffer)
    {
        const int execute = 1, effective = 0x200, emptyPath = 0x1000;
        buffer.Span[0] = 0;
        long result = HostStubs.Call(SystemCall.Faccessat2, descriptor, (long)buffer.Address.Value, execute, effective | emptyPath);
        if (result == -(long)Errno.ENOSYS)
            return (mode & AnyExecute) != 0 ? Errno.None : Errno.EACCES;
        return (Errno)(-result);
    }

    private static string? CanonicalPathOf(int descriptor, NativeBuffer buffer)
    {
        const int currentDirectory = -100, textOffset = 64, mostBytes = 4096;
        Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}\0", buffer.Span);
        long address = (long)buffer.Address.Value;
        long length = HostStubs.CallQuick(SystemCall.Readlinkat, currentDirectory, address, address + textOffset, mostBytes);
        return length > 0 ? Encoding.UTF8.GetString(buffer.Span.Slice(textOffset, (int)length)) : null;
    }

    private byte[] Read(long offset, int lengthBytes, NativeBuffer buffer)
    {
        int read = 0;
        while (read < lengthBytes)
        {
            long count = HostStubs.Call(SystemCall.Pread64, Descriptor, (long)buffer.Address.Value + read, lengthBytes - read, offset + read);
            if (count <= 0)
                break;
            read += (int)count;
        }
        return buffer.Span[..read].ToArray();
    }
}
