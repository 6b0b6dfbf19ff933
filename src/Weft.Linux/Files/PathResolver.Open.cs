using Weft.Native;

namespace Weft.Linux.Files;

public sealed partial class PathResolver
{
    private const int MostCreateAttempts = 16;

    /// <summary>Opens a file for the guest: open(2) in all its forms.</summary>
    /// <param name="thread">The caller.</param>
    /// <param name="directory">A guest descriptor or AT_FDCWD.</param>
    /// <param name="path">The path.</param>
    /// <param name="flags">Known flags only.</param>
    /// <param name="mode">Permission bits of a new file.</param>
    /// <param name="resolve">openat2's.</param>
    /// <returns>The guest's new descriptor or an error.</returns>
    internal SyscallResult Open(GuestThread thread, int directory, scoped in PathText path, int flags, int mode, ulong resolve = 0)
    {
        bool closeOnExec = (flags & OpenFlags.CloseOnExec) != 0;
        SyscallResult result = OpenDescription(thread, directory, path, flags, mode, resolve, out FileDescription? file);
        return file is null ? result : thread.Files.Install(file, closeOnExec);
    }

    /// <summary>
    /// Opens a file as the program would, without giving it a number: for the loader. Returns the host's descriptor,
    /// which the caller closes, or -errno.
    /// </summary>
    /// <param name="thread">The caller.</param>
    /// <param name="path">The program's path, a char a byte.</param>
    /// <param name="directory">What a relative path starts from.</param>
    /// <param name="flags">open(2)'s.</param>
    public SyscallResult OpenHost(GuestThread thread, string path, int directory = OpenFlags.CurrentDirectory, int flags = OpenFlags.NonBlocking)
    {
        if (path.Length >= PathScratch.MostPathBytes)
            return Errno.ENAMETOOLONG;
        SyscallResult result = OpenDescription(thread, directory, PathText.Put(thread.Scratch, path), flags, 0, 0, out FileDescription? file);
        if (file is null)
            return result;
        long host = HostFile.Duplicate(file.Host);
        file.Release();
        return host;
    }

    internal SyscallResult OpenDescription(GuestThread thread, int directory, scoped in PathText path, int flags, int mode, ulong resolve, out FileDescription? file)
    {
        file = null;
        if (path.IsEmpty)
            return Errno.ENOENT;
        using FileLease start = Rent(thread, directory, path);
        if (!start.IsOpen)
            return Errno.EBADF;
        if ((flags & OpenFlags.Path) != 0)
            flags &= OpenFlags.WithPath;
        flags |= OpenFlags.CloseOnExec;
        bool isChange = (flags & (OpenFlags.AccessMode | OpenFlags.Create | OpenFlags.Truncate)) != 0;
        // A file of a read-only mount must be known for what it is first: devices and pipes may be written to.
        bool mayChange = !isChange || !IsReadOnlyAt(start, path);
        if (thread.IsAttended)
            return mayChange && resolve == 0 ? OpenAttended(thread, start, path, flags, out file) : SyscallResult.Declined;
        if (mayChange && !NeedsWalk(thread, start.Description, path)
            && TryConfined(thread, start, path, flags, mode, resolve, true, out SyscallResult quick))
        {
            if (!quick.IsError && !quick.IsRestart)
                file = new FileDescription((int)quick.Value) { Mount = MountOf(start, path) };
            return quick;
        }
        if ((resolve & (OpenFlags.ResolveBeneath | OpenFlags.ResolveInRoot)) != 0)
            return OpenBelow(thread, start, path, flags, mode, resolve, mayChange, out file);
        using PathWalker walker = new(this, thread, thread.Scratch, (resolve & OpenFlags.ResolveNoSymlinks) != 0);
        return OpenByWalk(thread, walker, start, path, flags, mode, out file);
    }

    /// <summary>
    /// Opens a regular file or directory that is there, on a local file system, and declines the rest: an open of a
    /// pipe waits for its other end, that of a device for whatever it likes. So the object is found first, and looked at.
    /// </summary>
    private SyscallResult OpenAttended(GuestThread thread, in FileLease start, scoped in PathText path, int flags, out FileDescription? file)
    {
        file = null;
        const int settled = OpenFlags.AccessMode | OpenFlags.CloseOnExec | OpenFlags.Directory | OpenFlags.NonBlocking | OpenFlags.LargeFile | OpenFlags.Append;
        if ((flags & ~settled) != 0 || NeedsWalk(thread, start.Description, path)
            || !TryConfined(thread, start, path, OpenFlags.Path | OpenFlags.CloseOnExec | (flags & OpenFlags.Directory), 0, 0, false, out SyscallResult found))
            return SyscallResult.Declined;
        if (found.IsError)
            return found;
        int host = (int)found.Value;
        FileNature nature = AttendedFiles.Examine(thread.Scratch, host);
        SyscallResult result = SyscallResult.Declined;
        if (nature is FileNature.StoredFile or FileNature.MemoryFile or FileNature.Directory)
            result = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(thread.Scratch, host), flags);
        HostFile.Close(host);
        if (!result.IsError && result != SyscallResult.Declined)
            file = new FileDescription((int)result.Value) { Mount = MountOf(start, path), Nature = nature };
        return result;
    }

    private bool IsReadOnlyAt(in FileLease start, scoped in PathText path) =>
        path.IsAbsolute || Mounts.HasBinds ? Mounts.IsReadOnly || Mounts.HasBinds
            : start.Description.Mount is { } mount ? mount.IsReadOnly : Mounts.IsReadOnly;

    /// <summary>The guest's own openat2 that confines itself: the kernel does that, below the guest's directory.</summary>
    private SyscallResult OpenBelow(GuestThread thread, in FileLease start, scoped in PathText path, int flags, int mode, ulong resolve, bool mayChange, out FileDescription? file)
    {
        file = null;
        if (!mayChange)
            return Errno.EROFS;
        if (start.Description.VirtualPath is not null)
            return Errno.EXDEV;
        Span<ulong> how = stackalloc ulong[] { (uint)flags, (uint)mode, resolve | OpenFlags.ResolveNoMagicLinks };
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(how).CopyTo(thread.Scratch.Span[PathScratch.How..]);
        SyscallResult result = thread.Block(SystemCall.Openat2, start.Host, path.Address, (long)thread.Scratch.Address.Value + PathScratch.How, HowBytes);
        if (result.IsError || result.IsRestart)
            return result;
        if (HostFile.ShowsVmm(thread.Scratch, (int)result.Value, ProcessId))
        {
            HostFile.Close((int)result.Value);
            return Errno.EACCES;
        }
        file = new FileDescription((int)result.Value) { Mount = start.Description.Mount };
        return result;
    }

    private SyscallResult OpenByWalk(GuestThread thread, PathWalker walker, in FileLease start, scoped in PathText path, int flags, int mode, out FileDescription? file)
    {
        file = null;
        bool creates = (flags & OpenFlags.Create) != 0, isExclusive = creates && (flags & OpenFlags.Exclusive) != 0;
        PathGoal goal = (flags & OpenFlags.NoFollow) != 0 || isExclusive ? PathGoal.ObjectOrLink : PathGoal.Object;
        for (int attempt = 0; attempt < MostCreateAttempts; attempt++)
        {
            Errno error = Walk(walker, start, path, goal);
            if (error == Errno.None)
                return isExclusive ? Errno.EEXIST : OpenFound(thread, walker, path, flags, out file);
            if (error != Errno.ENOENT || !creates)
                return error;
            SyscallResult result = CreateByWalk(walker, start, path, flags, mode, thread.Scratch, out file);
            if (file is not null || isExclusive || result.Error != Errno.EEXIST)
                return result;
            // Somebody else made it between the two walks: it can be opened now.
        }
        return Errno.ELOOP;
    }

    private static SyscallResult CreateByWalk(PathWalker walker, in FileLease start, scoped in PathText path, int flags, int mode, NativeBuffer scratch, out FileDescription? file)
    {
        file = null;
        Errno error = Walk(walker, start, path, PathGoal.Parent);
        for (; error == Errno.None; error = walker.WalkLastLink(PathGoal.Parent))
        {
            PathLevel parent = walker.Current;
            if (walker.LastName.EndsWith('/') || walker.LastName is "." or "..")
                return Errno.EISDIR;
            if (parent.Host < 0)
                return parent.Node is null ? Errno.ENOENT : Errno.EACCES;
            if (parent.Mount is { IsReadOnly: true })
                return Errno.EROFS;
            // O_EXCL never follows a link at the end.
            long host = HostStubs.Call(SystemCall.Openat, parent.Host, PathScratch.Put(scratch, PathScratch.Name, walker.LastName), flags | OpenFlags.Exclusive, mode);
            if (host >= 0)
            {
                file = new FileDescription((int)host) { Mount = parent.Mount };
                return host;
            }
            if (host != -(long)Errno.EEXIST || (flags & OpenFlags.Exclusive) != 0)
                return host;
        }
        return error;
    }

    private SyscallResult OpenFound(GuestThread thread, PathWalker walker, scoped in PathText path, int flags, out FileDescription? file)
    {
        file = null;
        PathLevel level = walker.Current;
        if (level.Node is { } node)
            return OpenVirtual(thread, node, level, flags, out file);
        long mode = HostFile.Mode(thread.Scratch, level.Host);
        if (mode < 0)
            return mode;
        int type = (int)mode & FileType.Mask;
        if ((flags & OpenFlags.Directory) != 0 && type != FileType.Directory)
            return Errno.ENOTDIR;
        if ((flags & OpenFlags.Path) != 0)
        {
            // The walk's own O_NOFOLLOW would show in F_GETFL.
            long taken = type == FileType.Link || (flags & OpenFlags.NoFollow) != 0 ? walker.TakeHost()
                : HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(thread.Scratch, level.Host), flags);
            if (taken < 0)
                return taken;
            file = new FileDescription((int)taken) { Mount = level.Mount };
            return taken;
        }
        if (type == FileType.Link)
            return Errno.ELOOP;
        return Reopen(thread, level.Host, level.Mount, type, flags, out file);
    }

    /// <summary>Opens what a descriptor refers to with other flags, through the VMM's own magic link.</summary>
    private static SyscallResult Reopen(GuestThread thread, int host, Mount? mount, int type, int flags, out FileDescription? file)
    {
        file = null;
        bool isTemporary = (flags & OpenFlags.Temporary) != 0;
        bool isWrite = (flags & OpenFlags.AccessMode) != OpenFlags.ReadOnly || (flags & OpenFlags.Truncate) != 0;
        if (type == FileType.Directory && !isTemporary && (isWrite || (flags & OpenFlags.Create) != 0))
            return Errno.EISDIR;
        if (mount is { IsReadOnly: true } && isWrite && (type is FileType.Regular or FileType.Directory))
            return Errno.EROFS;
        const int settled = OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow;
        const int ownerReadWrite = 0x180;
        SyscallResult result = thread.Block(SystemCall.Openat, OpenFlags.CurrentDirectory,
            PathScratch.PutDescriptorPath(thread.Scratch, host), isTemporary ? flags & ~OpenFlags.NoFollow : flags & ~settled, isTemporary ? ownerReadWrite : 0);
        if (!result.IsError && !result.IsRestart)
            file = new FileDescription((int)result.Value) { Mount = mount };
        return result;
    }

    private SyscallResult OpenVirtual(GuestThread thread, VirtualNode node, in PathLevel level, int flags, out FileDescription? file)
    {
        file = null;
        bool isWrite = (flags & OpenFlags.AccessMode) != OpenFlags.ReadOnly;
        if ((flags & OpenFlags.Directory) != 0 && node.Kind is not (VirtualNodeKind.Directory or VirtualNodeKind.Descriptor))
            return Errno.ENOTDIR;
        switch (node.Kind)
        {
            case VirtualNodeKind.Directory:
                return isWrite || (flags & OpenFlags.Create) != 0 ? Errno.EISDIR : VirtualDirectory.Open(thread, node, level.Path, out file);
            case VirtualNodeKind.File:
                return VirtualFile.Open(thread, node, level.Path, flags, out file);
            case VirtualNodeKind.Device when (flags & OpenFlags.Path) == 0:
                return node.Open!(thread, level.Path, flags, out file);
            case VirtualNodeKind.Descriptor when (flags & OpenFlags.NoFollow) == 0:
                return OpenDescriptor(thread, node.DescriptorNumber, flags, out file);
            default:
                return (flags & OpenFlags.Path) != 0 ? VirtualFile.Open(thread, VirtualNode.File(static _ => []), level.Path, flags, out file) : Errno.ELOOP;
        }
    }

    /// <summary>Opens /proc/self/fd/N: the same file anew, never with more access than its mount allows.</summary>
    private SyscallResult OpenDescriptor(GuestThread thread, int number, int flags, out FileDescription? file)
    {
        file = null;
        using FileLease lease = thread.Files.Rent(number);
        if (!lease.IsOpen)
            return Errno.ENOENT;
        FileDescription old = lease.Description;
        if (old is VirtualFile or VirtualDirectory or DeviceFile)
        {
            file = null;
            string path = old switch { VirtualFile made => made.Path, DeviceFile device => device.Path, _ => old.VirtualPath! };
            return OpenDescription(thread, OpenFlags.CurrentDirectory, PathText.Put(thread.Scratch, path), flags, 0, 0, out file);
        }
        long mode = HostFile.Mode(thread.Scratch, lease.Host);
        if (mode < 0)
            return mode;
        int type = (int)mode & FileType.Mask;
        if ((flags & OpenFlags.Directory) != 0 && type != FileType.Directory)
            return Errno.ENOTDIR;
        if (Mounts.IsNarrowed && old.Mount is null && type is FileType.Regular or FileType.Directory && Widens(lease.Host, flags))
            return Errno.EACCES;
        return Reopen(thread, lease.Host, old.Mount, type, flags, out file);
    }

    /// <summary>Whether flags ask for access that a descriptor from outside of the mounts does not bring with it.</summary>
    private bool Widens(int host, int flags)
    {
        const int getFlags = 3;
        if (!Mounts.IsNarrowed || (flags & OpenFlags.Path) != 0)
            return false;
        long has = HostStubs.CallQuick(SystemCall.Fcntl, host, getFlags);
        if (has < 0 || (has & OpenFlags.Path) != 0)
            return true;
        int wanted = flags & OpenFlags.AccessMode, held = (int)has & OpenFlags.AccessMode;
        bool writes = wanted != OpenFlags.ReadOnly || (flags & (OpenFlags.Truncate | OpenFlags.Temporary)) != 0;
        bool reads = wanted != OpenFlags.WriteOnly;
        return (writes && held == OpenFlags.ReadOnly) || (reads && held == OpenFlags.WriteOnly);
    }
}
