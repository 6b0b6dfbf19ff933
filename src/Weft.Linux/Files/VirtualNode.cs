using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>What stands at a virtual path. Immutable; made by the factories.</summary>
public sealed class VirtualNode
{
    private VirtualNode(VirtualNodeKind kind, int permissions)
    {
        Kind = kind;
        Permissions = permissions;
    }

    /// <summary>Makes a file's content, at each open. Must not throw.</summary>
    public delegate byte[] Reader(GuestThread thread);

    /// <summary>Takes what one write call brought. Returns the bytes taken or an error. Must not throw.</summary>
    public delegate SyscallResult Writer(GuestThread thread, ReadOnlySpan<byte> content);

    /// <summary>Lists a directory, at each open, without "." and "..". Must not throw.</summary>
    public delegate IReadOnlyList<VirtualEntry> Lister(GuestThread thread);

    /// <summary>Serves a read or write call at a position. Returns the bytes moved or an error. Must not throw.</summary>
    public delegate SyscallResult Mover(GuestThread thread, GuestVirtualAddress buffer, ulong count, ulong position, bool writes);

    /// <summary>Opens a device. Returns a value of 0 or more with the file, or an error. Must not throw.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="path">The path of the node.</param>
    /// <param name="flags">open(2)'s.</param>
    /// <param name="file">The open file, the caller's.</param>
    public delegate SyscallResult Opener(GuestThread thread, string path, int flags, out FileDescription? file);

    /// <summary>What it is.</summary>
    public VirtualNodeKind Kind { get; }

    /// <summary>The permission bits, such as 0444.</summary>
    public int Permissions { get; }

    /// <summary>Of a file: its content.</summary>
    public Reader? Read { get; private init; }

    /// <summary>Of a file: takes writes; null when it can't be written (EACCES).</summary>
    public Writer? Write { get; private init; }

    /// <summary>Of a file without content of its own, such as /proc/self/mem: serves each call.</summary>
    public Mover? Move { get; private init; }

    /// <summary>Of a device: opens it.</summary>
    public Opener? Open { get; private init; }

    /// <summary>Of a device: its number.</summary>
    public DeviceNumber Device { get; private init; }

    /// <summary>Of a directory: its entries.</summary>
    public Lister? List { get; private init; }

    /// <summary>Of a link: its text. Of a host path: the path.</summary>
    public string Target { get; private init; } = "";

    /// <summary>Of a descriptor: the guest's number.</summary>
    public int DescriptorNumber { get; private init; }

    /// <summary>A file.</summary>
    public static VirtualNode File(Reader read, Writer? write = null, int? permissions = null)
    {
        const int readable = 0x124, writable = 0x1a4;
        return new(VirtualNodeKind.File, permissions ?? (write is null ? readable : writable)) { Read = read, Write = write };
    }

    /// <summary>A file that serves each read and write call by itself.</summary>
    public static VirtualNode Memory(Mover move, int permissions) =>
        new(VirtualNodeKind.File, permissions) { Read = static _ => [], Write = static (_, _) => Errno.EIO, Move = move };

    /// <summary>A character device that everybody may read and write.</summary>
    public static VirtualNode Character(DeviceNumber number, Opener open)
    {
        const int everybody = 0x1b6;
        return new(VirtualNodeKind.Device, everybody) { Device = number, Open = open };
    }

    /// <summary>A directory.</summary>
    public static VirtualNode Directory(Lister list, int permissions = 0x16d) =>
        new(VirtualNodeKind.Directory, permissions) { List = list };

    /// <summary>A symbolic link, absolute or relative to its own directory.</summary>
    public static VirtualNode Symlink(string target) => new(VirtualNodeKind.Symlink, 0x1ff) { Target = target };

    /// <summary>The host's file at this absolute path, followed to the end.</summary>
    public static VirtualNode HostPath(string path) => new(VirtualNodeKind.HostPath, 0) { Target = path };

    /// <summary>Descriptor <paramref name="number"/> of the calling process; ENOENT when it is not open.</summary>
    public static VirtualNode Descriptor(int number) => new(VirtualNodeKind.Descriptor, 0x1c0) { DescriptorNumber = number };
}
