using Weft.Native;

namespace Weft.Linux.Files;

public sealed partial class PathResolver
{
    private const int HowBytes = 24;

    /// <summary>
    /// Finds where a name is made, removed or renamed. Never through a link at the end.
    /// Host calls that only look at the parent and the name may be given the result.
    /// </summary>
    internal Errno FindEntry(GuestThread thread, int directory, scoped in PathText path, out PathTarget target, int nameOffset = PathScratch.FirstName)
    {
        target = default;
        if (path.IsEmpty)
            return Errno.ENOENT;
        FileLease start = Rent(thread, directory, path);
        if (!start.IsOpen)
            return Errno.EBADF;
        if (!Mounts.IsNarrowed && !NeedsWalk(thread, start.Description, path))
        {
            target = PathTarget.Below(start, start.Host, path.Address, false, Mounts.Root);
            return Errno.None;
        }
        using (start)
        using (PathWalker walker = new(this, thread, thread.Scratch))
        {
            Errno error = Walk(walker, start, path, PathGoal.Parent);
            if (error == Errno.None)
                target = PathTarget.Found(walker, thread.Scratch, nameOffset, false);
            return error;
        }
    }

    /// <summary>
    /// Finds an object for a host call that only looks (stat, access, readlink): the program's own path where
    /// nothing is narrowed, else the object.
    /// </summary>
    internal Errno FindToLook(GuestThread thread, int directory, scoped in PathText path, bool follow, bool allowEmpty, out PathTarget target)
    {
        target = default;
        if (Mounts.IsNarrowed || path.IsEmpty)
            return FindObject(thread, directory, path, follow, allowEmpty, out target);
        FileLease start = Rent(thread, directory, path);
        if (!start.IsOpen)
            return Errno.EBADF;
        if (!NeedsWalk(thread, start.Description, path))
        {
            target = PathTarget.Below(start, start.Host, path.Address, false, Mounts.Root);
            return Errno.None;
        }
        start.Dispose();
        return FindObject(thread, directory, path, follow, allowEmpty, out target);
    }

    /// <summary>Finds an object itself: an O_PATH descriptor of it, or what the VM's own view has there.</summary>
    internal Errno FindObject(GuestThread thread, int directory, scoped in PathText path, bool follow, bool allowEmpty, out PathTarget target)
    {
        target = default;
        if (path.IsEmpty && !allowEmpty)
            return Errno.ENOENT;
        FileLease start = Rent(thread, directory, path);
        if (!start.IsOpen)
            return Errno.EBADF;
        if (path.IsEmpty)
            return FindSelf(thread, start, path.Address, out target);
        using (start)
        {
            if (!NeedsWalk(thread, start.Description, path)
                && TryConfined(thread, start, path, OpenFlags.Path | OpenFlags.CloseOnExec | (follow ? 0 : OpenFlags.NoFollow), 0, 0, false, out SyscallResult quick))
            {
                if (quick.IsError)
                    return quick.Error;
                target = PathTarget.Owned((int)quick.Value, thread.Scratch, PathScratch.FirstName, MountOf(start, path));
                return Errno.None;
            }
            using PathWalker walker = new(this, thread, thread.Scratch);
            Errno error = Walk(walker, start, path, follow ? PathGoal.Object : PathGoal.ObjectOrLink);
            return error != Errno.None ? error : TakeObject(thread, walker, follow, out target);
        }
    }

    private Errno TakeObject(GuestThread thread, PathWalker walker, bool follow, out PathTarget target)
    {
        target = default;
        if (walker.Current.Node is { Kind: VirtualNodeKind.Descriptor } node && follow)
        {
            FileLease file = thread.Files.Rent(node.DescriptorNumber);
            if (!file.IsOpen)
                return Errno.ENOENT;
            return FindSelf(thread, file, PathScratch.Put(thread.Scratch, PathScratch.FirstName, ""), out target);
        }
        target = PathTarget.Found(walker, thread.Scratch, PathScratch.FirstName, true);
        return Errno.None;
    }

    /// <summary>The object that a descriptor refers to. Takes the lease.</summary>
    private Errno FindSelf(GuestThread thread, FileLease file, long emptyPath, out PathTarget target)
    {
        if (file.Description.VirtualPath is { } path && TryFindVirtual(thread, path, out VirtualNode? node) && node is not null)
        {
            using (file)
            using (PathWalker walker = new(this, thread, thread.Scratch))
            {
                walker.StartAtRoot();
                Errno error = walker.Walk(path, PathGoal.ObjectOrLink);
                target = error == Errno.None ? PathTarget.Found(walker, thread.Scratch, PathScratch.FirstName, true) : default;
                return error;
            }
        }
        target = PathTarget.Below(file, file.Host, emptyPath, true, file.Description.Mount);
        return Errno.None;
    }

    /// <summary>
    /// One openat2 that the kernel confines. False when only a walk can tell: a mount point or a part of the VM's own
    /// view may be on the way.
    /// </summary>
    private bool TryConfined(GuestThread thread, in FileLease start, scoped in PathText path, int flags, int mode, ulong resolve, bool mayBlock, out SyscallResult result)
    {
        result = default;
        if (Mounts.HasBinds)
            return false;
        int directory = start.Host;
        ulong confine = OpenFlags.ResolveNoMagicLinks;
        if (Mounts.IsNarrowed && path.IsAbsolute)
        {
            directory = Mounts.Root.Source;
            confine |= OpenFlags.ResolveInRoot;
        }
        else if (Mounts.IsNarrowed)
            confine |= OpenFlags.ResolveBeneath;
        Span<ulong> how = stackalloc ulong[] { (uint)flags, (uint)mode, resolve | confine };
        System.Runtime.InteropServices.MemoryMarshal.AsBytes(how).CopyTo(thread.Scratch.Span[PathScratch.How..]);
        long howAddress = (long)thread.Scratch.Address.Value + PathScratch.How;
        result = mayBlock
            ? thread.Block(SystemCall.Openat2, directory, path.Address, howAddress, HowBytes)
            : HostStubs.Call(SystemCall.Openat2, directory, path.Address, howAddress, HowBytes);
        if (result.Value is -(long)Errno.ELOOP or -(long)Errno.EXDEV or -(long)Errno.EAGAIN)
            return false;
        if (result.IsError || result.IsRestart || !HostFile.IsOnProc(thread.Scratch, (int)result.Value))
            return true;
        HostFile.Close((int)result.Value);
        return false;
    }

    /// <summary>The directory that a path starts from. An absolute path needs none: the working directory stands in.</summary>
    private FileLease Rent(GuestThread thread, int directory, scoped in PathText path) =>
        directory == OpenFlags.CurrentDirectory || path.IsAbsolute ? RentWorkingDirectory() : thread.Files.Rent(directory);

    private static Errno Walk(PathWalker walker, in FileLease start, scoped in PathText path, PathGoal goal)
    {
        if (path.IsAbsolute)
            walker.StartAtRoot();
        else if (start.Description.VirtualPath is { } directory)
        {
            walker.StartAtRoot();
            Errno error = walker.Walk(directory, PathGoal.Object);
            if (error != Errno.None)
                return error;
        }
        else
            walker.StartAt(start.Description);
        return walker.Walk(path.AsString(), goal);
    }

    /// <summary>The mount that a confined open ended in: without binds there is the root only, or a directory from outside.</summary>
    private Mount? MountOf(in FileLease start, scoped in PathText path) =>
        path.IsAbsolute || !Mounts.IsNarrowed ? Mounts.Root : start.Description.Mount;
}
