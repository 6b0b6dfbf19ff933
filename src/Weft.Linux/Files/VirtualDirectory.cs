using System.Buffers.Binary;
using System.Text;
using Weft.Linux.Checkpoint;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>An open directory of the VM's own view. The host's descriptor is an empty memfd, so that no name can be looked up below it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VirtualDirectory : FileDescription
{
    private const int HeaderBytes = 19;
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<VirtualEntry> _entries;
    private int _next;

    private VirtualDirectory(int host, VirtualNode node, string path, IReadOnlyList<VirtualEntry> entries)
        : base(host)
    {
        Node = node;
        VirtualPath = path;
        _entries = entries;
    }

    /// <summary>The node.</summary>
    internal VirtualNode Node { get; }

    /// <inheritdoc/>
    public override string VirtualPath { get; }

    internal static SyscallResult Open(GuestThread thread, VirtualNode node, string path, out FileDescription? file)
    {
        file = null;
        const int closeOnExec = 1;
        IReadOnlyList<VirtualEntry> entries = node.List!(thread);
        long host = HostStubs.Call(SystemCall.MemfdCreate, PathScratch.Put(thread.Scratch, PathScratch.Name, "directory"), closeOnExec);
        if (host >= 0)
            file = new VirtualDirectory((int)host, node, path, entries);
        return host;
    }

    /// <summary>Goes on with a directory whose descriptor was inherited; it lists what is there now.</summary>
    internal static VirtualDirectory Restore(GuestThread thread, VirtualNode node, FileState state) =>
        new(state.Host, node, state.Path, node.List?.Invoke(thread) ?? []) { _next = state.Position };

    /// <inheritdoc/>
    internal override FileState Describe(MountTable mounts)
    {
        lock (_lock)
            return base.Describe(mounts) with { Kind = FileKind.VirtualDirectory, Path = VirtualPath, Position = _next };
    }

    /// <summary>getdents64: as many whole entries as fit. Returns the bytes, or EINVAL when not one fits.</summary>
    internal SyscallResult Read(Span<byte> destination)
    {
        lock (_lock)
        {
            int used = 0;
            for (; _next < _entries.Count + 2; _next++)
            {
                int length = Put(destination[used..], _next);
                if (length == 0)
                    return used == 0 ? Errno.EINVAL : used;
                used += length;
            }
            return used;
        }
    }

    /// <summary>lseek: positions are entry numbers.</summary>
    internal SyscallResult Seek(long offset, int whence)
    {
        const int fromStart = 0, fromCurrent = 1;
        lock (_lock)
        {
            long target = whence switch { fromStart => offset, fromCurrent => _next + offset, _ => -1 };
            if (target < 0 || target > int.MaxValue)
                return Errno.EINVAL;
            return _next = (int)target;
        }
    }

    /// <summary>struct linux_dirent64: d_ino, d_off, d_reclen, d_type, d_name. Source: getdents(2).</summary>
    private int Put(Span<byte> destination, int index)
    {
        const byte directory = 4, regular = 8, link = 10, character = 2, unknown = 0;
        string name = index switch { 0 => ".", 1 => "..", _ => _entries[index - 2].Name };
        byte type = index < 2 ? directory : _entries[index - 2].Kind switch
        {
            VirtualNodeKind.Directory => directory,
            VirtualNodeKind.File => regular,
            VirtualNodeKind.Symlink or VirtualNodeKind.Descriptor => link,
            VirtualNodeKind.Device => character,
            _ => unknown,
        };
        int nameBytes = Encoding.UTF8.GetByteCount(name);
        int length = HeaderBytes + nameBytes + 1 + 7 & ~7;
        if (length > destination.Length)
            return 0;
        destination[..length].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination, VirtualStatus.InodeOf(VirtualPath + "/" + name));
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], index + 1);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[16..], (ushort)length);
        destination[18] = type;
        Encoding.UTF8.GetBytes(name, destination[HeaderBytes..]);
        return length;
    }
}
