using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// Resolves a path a component at a time, as the program sees its files: root and binds, the VM's own view of
/// /proc, /sys and /dev, and links between them. Each step asks the host for one name below a descriptor and
/// follows nothing, ".." pops the walk's own stack, and links are read and walked: so no rename or link, however
/// timed, leads outside of the mounts.
/// </summary>
/// <remarks>For one resolution by one thread. Owns the descriptors of its stack.</remarks>
internal sealed class PathWalker(PathResolver resolver, GuestThread? thread, NativeBuffer scratch, bool refuseLinks = false) : IDisposable
{
    private const int MostLinks = 40;
    private readonly List<PathLevel> _levels = [];
    private readonly Stack<string> _pending = new();
    private readonly MountTable _mounts = resolver.Mounts;
    private bool _mustBeDirectory;
    private int _links;

    /// <summary>Where the walk stands.</summary>
    internal PathLevel Current => _levels[^1];

    /// <summary>The last component, after a walk to <see cref="PathGoal.Parent"/>; with a slash when the path had one.</summary>
    internal string LastName { get; private set; } = "";

    /// <summary>Whether something is mounted at the last component.</summary>
    internal bool LastIsMount => _mounts.HasBinds && !Current.IsDetached && _mounts.At(Current.Path + "/" + LastName.TrimEnd('/')) is not null;

    /// <summary>Starts at the program's root.</summary>
    internal void StartAtRoot(bool keepPending = false)
    {
        Clear(keepPending);
        _levels.Add(new PathLevel { Path = "", Host = _mounts.Root.Source, Mount = _mounts.Root });
    }

    /// <summary>Starts at a directory descriptor of the host, which must stay open during the walk.</summary>
    internal void StartAt(FileDescription directory)
    {
        Clear();
        string? place = resolver.PlaceOf(scratch, directory);
        _levels.Add(new PathLevel { Path = place ?? "", Host = directory.Host, Mount = directory.Mount, IsDetached = place is null });
    }

    /// <summary>Walks on from where the walk stands.</summary>
    internal Errno Walk(string path, PathGoal goal)
    {
        Push(path);
        return Run(goal);
    }

    /// <summary>
    /// After a walk to <see cref="PathGoal.Parent"/>: walks on through the link that stands at <see cref="LastName"/>.
    /// EEXIST when there is no link.
    /// </summary>
    internal Errno WalkLastLink(PathGoal goal)
    {
        if (HostFile.LinkText(scratch, Current.Host, LastName) is not { } text)
            return Errno.EEXIST;
        Errno error = Follow(text);
        return error == Errno.None ? Run(goal) : error;
    }

    private Errno Run(PathGoal goal)
    {
        LastName = "";
        while (_pending.TryPop(out string? name))
        {
            bool isLast = _pending.Count == 0;
            if (isLast && goal == PathGoal.Parent)
            {
                LastName = _mustBeDirectory && name is not ("." or "..") ? name + "/" : name;
                return Current.Node is { Kind: not VirtualNodeKind.Directory } ? Errno.ENOTDIR : Errno.None;
            }
            Errno error = name switch
            {
                "." => RequireDirectory(),
                ".." => Up(),
                _ => Down(name, isLast, !isLast || goal != PathGoal.ObjectOrLink || _mustBeDirectory),
            };
            if (error != Errno.None)
                return error;
        }
        return Finish(goal);
    }

    /// <summary>Takes the descriptor of <see cref="Current"/>, so that the caller closes it.</summary>
    internal int TakeHost()
    {
        PathLevel level = Current;
        if (!level.IsOwned)
            return (int)HostFile.Duplicate(level.Host);
        level.IsOwned = false;
        _levels[^1] = level;
        return level.Host;
    }

    /// <summary>Closes the stack.</summary>
    public void Dispose() => Clear();

    private Errno Finish(PathGoal goal)
    {
        if (goal == PathGoal.Parent)
            LastName = "/";
        if (_mustBeDirectory)
        {
            Errno error = RequireDirectory();
            if (error != Errno.None)
                return error;
        }
        PathLevel level = Current;
        return level.Node is null && !level.IsGranted && HostFile.ShowsVmm(scratch, level.Host, resolver.ProcessId) ? Errno.EACCES : Errno.None;
    }

    private void Push(string path)
    {
        if (_pending.Count == 0)
            _mustBeDirectory |= path.EndsWith('/');
        string[] names = path.Split('/');
        for (int index = names.Length - 1; index >= 0; index--)
            if (names[index].Length > 0)
                _pending.Push(names[index]);
    }

    private Errno RequireDirectory()
    {
        PathLevel level = Current;
        bool isDirectory = level.Node is { } node ? node.Kind == VirtualNodeKind.Directory
            : HostFile.IsDirectory(scratch, level.Host);
        return isDirectory ? Errno.None : Errno.ENOTDIR;
    }

    private Errno Up()
    {
        Errno error = RequireDirectory();
        if (error != Errno.None)
            return error;
        PathLevel level = Current;
        if (_levels.Count > 1)
        {
            Pop();
            return Errno.None;
        }
        if (level.IsDetached || level.Path.Length == 0)
            return Errno.None;
        // A walk that started at a descriptor: its parent is found from the root, by name.
        StartAtRoot(keepPending: true);
        string[] names = level.Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int index = names.Length - 2; index >= 0; index--)
            _pending.Push(names[index]);
        return Errno.None;
    }

    private Errno Down(string name, bool isLast, bool follow)
    {
        if (name.Length > PathScratch.MostNameBytes)
            return Errno.ENAMETOOLONG;
        PathLevel parent = Current;
        string path = parent.Path + "/" + name;
        if (!parent.IsDetached)
        {
            if (_mounts.HasBinds && _mounts.At(path) is { } mount)
            {
                _levels.Add(new PathLevel { Path = path, Host = mount.Source, Mount = mount });
                return Errno.None;
            }
            if (thread is not null && resolver.TryFindVirtual(thread, path, out VirtualNode? node))
                return node is null ? MissingError() : EnterVirtual(node, path, isLast, follow);
        }
        return parent.Host < 0 ? Errno.ENOENT : DownOnHost(parent, name, path, follow);
    }

    private Errno MissingError() => RequireDirectory() == Errno.None ? Errno.ENOENT : Errno.ENOTDIR;

    private Errno DownOnHost(in PathLevel parent, string name, string path, bool follow)
    {
        long opened = HostFile.OpenPath(scratch, parent.Host, name);
        if (opened < 0)
            return (Errno)(-opened);
        int host = (int)opened;
        string? text = follow || refuseLinks ? HostFile.LinkText(scratch, host) : null;
        if (text is null)
        {
            _levels.Add(parent with { Path = path, Host = host, IsOwned = true, Node = null });
            return Errno.None;
        }
        HostFile.Close(host);
        return Follow(text);
    }

    private Errno Follow(string text)
    {
        if (refuseLinks || ++_links > MostLinks)
            return Errno.ELOOP;
        if (text.Length == 0)
            return Errno.ENOENT;
        if (text[0] == '/')
            StartAtRoot(keepPending: true);
        Push(text);
        return Errno.None;
    }

    private Errno EnterVirtual(VirtualNode node, string path, bool isLast, bool follow)
    {
        switch (node.Kind)
        {
            case VirtualNodeKind.Symlink when follow:
                return Follow(MountTable.Bytes(node.Target));
            case VirtualNodeKind.HostPath:
                return EnterGranted(node, path, follow);
            case VirtualNodeKind.Descriptor when follow && !isLast:
                return EnterDescriptor(node.DescriptorNumber, path);
            case VirtualNodeKind.Descriptor when follow && _mustBeDirectory:
                return EnterDescriptor(node.DescriptorNumber, path);
            case VirtualNodeKind.Directory:
                long host = Current.Host < 0 ? -1 : HostFile.OpenPath(scratch, Current.Host, path[(path.LastIndexOf('/') + 1)..], OpenFlags.NoFollow | OpenFlags.Directory);
                _levels.Add(Current with { Path = path, Host = host < 0 ? -1 : (int)host, IsOwned = host >= 0, Node = node });
                return Errno.None;
            default:
                if (!isLast)
                    return Errno.ENOTDIR;
                _levels.Add(Current with { Path = path, Host = -1, IsOwned = false, Node = node });
                return Errno.None;
        }
    }

    private Errno EnterGranted(VirtualNode node, string path, bool follow)
    {
        long host = HostFile.OpenPath(scratch, OpenFlags.CurrentDirectory, MountTable.Bytes(node.Target), follow ? 0 : OpenFlags.NoFollow);
        if (host < 0)
            return (Errno)(-host);
        _levels.Add(new PathLevel { Path = path, Host = (int)host, IsOwned = true, Mount = _mounts.Granted, IsGranted = true });
        return Errno.None;
    }

    private Errno EnterDescriptor(int number, string path)
    {
        using FileLease file = thread!.Files.Rent(number);
        if (!file.IsOpen)
            return Errno.ENOENT;
        if (file.Description.VirtualPath is { } virtualPath)
            return Follow(virtualPath);
        long host = HostFile.OpenPath(scratch, file.Host, ".", OpenFlags.Directory);
        if (host < 0)
            return (Errno)(-host);
        string? place = resolver.PlaceOf(scratch, file.Description);
        Clear(keepPending: true);
        _levels.Add(new PathLevel { Path = place ?? path, Host = (int)host, IsOwned = true, Mount = file.Description.Mount, IsDetached = place is null });
        return Errno.None;
    }

    private void Pop()
    {
        PathLevel level = Current;
        _levels.RemoveAt(_levels.Count - 1);
        if (level.IsOwned)
            HostFile.Close(level.Host);
    }

    private void Clear(bool keepPending = false)
    {
        while (_levels.Count > 0)
            Pop();
        if (!keepPending)
            _pending.Clear();
    }
}
