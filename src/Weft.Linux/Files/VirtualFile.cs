using Weft.Linux.Checkpoint;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>An open file of the VM's own view: a memfd that holds what the file said when it was last read from its start.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class VirtualFile : FileDescription
{
    private const int Reads = 1, Writes = 2;
    private readonly Lock _lock = new();
    private readonly VirtualNode _node;
    private readonly int _writer;
    private bool _isFresh = true;

    private VirtualFile(VirtualNode node, string path, int host, int writer)
        : base(host)
    {
        _node = node;
        _writer = writer;
        Path = path;
    }

    /// <summary>The path that it was opened by.</summary>
    internal string Path { get; }

    /// <summary>The node.</summary>
    internal VirtualNode Node => _node;

    /// <summary>Whether writes go anywhere.</summary>
    internal bool TakesWrites { get; private init; }

    private bool TakesReads { get; init; }

    /// <summary>Whether calls go to <see cref="Move"/>: there is no content to read from.</summary>
    internal bool Moves => _node.Move is not null;

    /// <summary>A read or write call of a file that serves each by itself.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="buffer">The program's buffer.</param>
    /// <param name="count">Its length.</param>
    /// <param name="position">Where; null for the current position, which moves on.</param>
    /// <param name="writes">Whether it is a write.</param>
    internal SyscallResult Move(GuestThread thread, GuestVirtualAddress buffer, ulong count, long? position, bool writes)
    {
        const int fromStart = 0, fromCurrent = 1;
        if (writes ? !TakesWrites : !TakesReads)
            return Errno.EBADF;
        long at = position ?? HostStubs.CallQuick(SystemCall.Lseek, Host, 0, fromCurrent);
        SyscallResult result = _node.Move!(thread, buffer, Math.Min(count, GuestVectors.MostBytes), (ulong)at, writes);
        if (position is null && result.Value > 0)
            HostStubs.CallQuick(SystemCall.Lseek, Host, at + result.Value, fromStart);
        return result;
    }

    /// <summary>Opens a file, with its content of now.</summary>
    internal static SyscallResult Open(GuestThread thread, VirtualNode node, string path, int flags, out FileDescription? file)
    {
        file = null;
        int access = flags & OpenFlags.AccessMode;
        if (access != OpenFlags.ReadOnly && node.Write is null)
            return Errno.EACCES;
        byte[] content = (flags & OpenFlags.Path) == 0 && access != OpenFlags.WriteOnly ? node.Read!(thread) : [];
        const int closeOnExec = 1;
        long writer = HostStubs.Call(SystemCall.MemfdCreate, PathScratch.Put(thread.Scratch, PathScratch.Name, "proc"), closeOnExec);
        if (writer < 0)
            return writer;
        long result = Fill(thread, (int)writer, content);
        int kept = flags & (OpenFlags.Path | OpenFlags.NonBlocking);
        if (result >= 0)
            result = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(thread.Scratch, (int)writer),
                OpenFlags.CloseOnExec | kept | ((flags & OpenFlags.Path) != 0 ? 0 : access == OpenFlags.ReadOnly ? OpenFlags.ReadOnly : access));
        if (result < 0)
        {
            HostFile.Close((int)writer);
            return result;
        }
        HostStubs.Call(SystemCall.Fchmod, writer, node.Permissions);
        file = new VirtualFile(node, path, (int)result, (int)writer) { TakesWrites = access != OpenFlags.ReadOnly, TakesReads = access != OpenFlags.WriteOnly };
        return result;
    }

    /// <summary>Goes on with a file whose descriptors were inherited.</summary>
    internal static VirtualFile Restore(VirtualNode node, FileState state) => new(node, state.Path, state.Host, state.Writer)
    {
        TakesReads = (state.Flags & Reads) != 0,
        TakesWrites = (state.Flags & Writes) != 0,
        _isFresh = false,
    };

    /// <inheritdoc/>
    internal override FileState Describe(MountTable mounts) => base.Describe(mounts) with
    {
        Kind = FileKind.Virtual,
        Path = Path,
        Writer = _writer,
        Flags = (TakesReads ? Reads : 0) | (TakesWrites ? Writes : 0),
    };

    /// <summary>Before a read at this offset: a read from the start sees the file as it is now.</summary>
    internal void BeforeRead(GuestThread thread, long offset)
    {
        if (offset != 0 || _node.Read is null)
            return;
        lock (_lock)
        {
            if (!_isFresh)
                Fill(thread, _writer, _node.Read(thread));
            _isFresh = false;
        }
    }

    /// <summary>Before a read at the current offset.</summary>
    internal void BeforeRead(GuestThread thread)
    {
        const int fromCurrent = 1;
        BeforeRead(thread, HostStubs.CallQuick(SystemCall.Lseek, Host, 0, fromCurrent));
    }

    /// <summary>A write call: the node takes it whole.</summary>
    internal SyscallResult Write(GuestThread thread, GuestVirtualAddress buffer, ulong count)
    {
        const int most = 4096;
        if (!TakesWrites)
            return Errno.EBADF;
        byte[] content = new byte[(int)Math.Min(count, most)];
        return thread.Memory.TryRead(buffer, content) ? _node.Write!(thread, content) : Errno.EFAULT;
    }

    /// <inheritdoc/>
    protected override long OnLastRelease()
    {
        HostFile.Close(_writer);
        return base.OnLastRelease();
    }

    private static long Fill(GuestThread thread, int writer, byte[] content)
    {
        HostStubs.Call(SystemCall.Ftruncate, writer, 0);
        Span<byte> piece = thread.Scratch.Span.Slice(PathScratch.FirstPath, PathScratch.Name - PathScratch.FirstPath);
        for (int done = 0; done < content.Length;)
        {
            int count = Math.Min(piece.Length, content.Length - done);
            content.AsSpan(done, count).CopyTo(piece);
            long written = HostStubs.Call(SystemCall.Pwrite64, writer, (long)thread.Scratch.Address.Value + PathScratch.FirstPath, count, done);
            if (written <= 0)
                return written < 0 ? written : -(long)Errno.EIO;
            done += (int)written;
        }
        return 0;
    }
}
