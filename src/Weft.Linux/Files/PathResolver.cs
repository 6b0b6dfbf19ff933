using System.Text;
using Weft.Linux.Checkpoint;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>
/// A process's view of paths: its root and binds, its working directory, and how a path of the program becomes
/// something that the host's *at calls may be given.
/// </summary>
/// <remarks>
/// Where nothing narrows the files, most calls pass the program's path to the host's kernel as it is. Opens never
/// follow procfs's magic links, and what turns out to be on procfs is walked again in the VM's own view: the VMM's
/// /proc/self is out of reach. Where files are narrowed, one openat2 confined by the kernel, or a walk.
/// Thread-safe; uses the calling thread's scratch memory from its middle on.
/// </remarks>
public sealed partial class PathResolver
{
    private readonly Lock _lock = new();
    private readonly Kernel? _kernel;
    private FileDescription _workingDirectory;

    /// <summary>Opens root, binds and the working directory.</summary>
    /// <exception cref="MountException">One of them is not there.</exception>
    public PathResolver(Kernel kernel)
        : this(kernel.Options, kernel.ProcessId) => _kernel = kernel;

    /// <summary>Goes on with the mounts of another VMM; <see cref="Restore"/> sets the working directory.</summary>
    internal PathResolver(Kernel kernel, PathState state)
    {
        _kernel = kernel;
        ProcessId = kernel.ProcessId;
        Mounts = new MountTable(kernel.Options, state.MountSources);
        _workingDirectory = new FileDescription((int)HostFile.Duplicate(Mounts.Root.Source)) { Mount = Mounts.Root };
    }

    /// <summary>The same without a view of the VM's own.</summary>
    internal PathResolver(KernelOptions options, int processId)
    {
        ProcessId = processId;
        Mounts = new MountTable(options);
        using NativeBuffer scratch = new(64 << 10);
        _workingDirectory = InitialDirectory(options, scratch);
    }

    internal MountTable Mounts { get; }

    internal int ProcessId { get; }

    /// <summary>The working directory for the length of a call.</summary>
    internal FileLease RentWorkingDirectory()
    {
        lock (_lock)
        {
            _workingDirectory.TryAddReference();
            return new FileLease(_workingDirectory);
        }
    }

    /// <summary>Changes the working directory. Takes the reference.</summary>
    internal void SetWorkingDirectory(FileDescription directory)
    {
        FileDescription old;
        lock (_lock)
        {
            old = _workingDirectory;
            _workingDirectory = directory;
        }
        old.Release();
    }

    /// <summary>Sets the working directory of a state; the descriptors are restored already, and it may be one of them.</summary>
    internal void Restore(GuestThread main, PathState state)
    {
        int number = state.WorkingDirectory.Host < 0 ? -1 : main.Files.NumberOf(state.WorkingDirectory.Host);
        using FileLease shared = main.Files.Rent(number);
        if (!shared.IsOpen)
            SetWorkingDirectory(FileRestorer.Restore(main, state.WorkingDirectory));
        else if (shared.Description.TryAddReference())
            SetWorkingDirectory(shared.Description);
    }

    /// <summary>The working directory as the program sees it, a char a byte; "(unreachable)…" when it is outside of the mounts.</summary>
    public string DescribeWorkingDirectory(NativeBuffer scratch)
    {
        using FileLease directory = RentWorkingDirectory();
        return Describe(scratch, directory.Description);
    }

    /// <summary>What readlink("/proc/self/fd/N") gives for an open description, a char a byte.</summary>
    public string Describe(NativeBuffer scratch, FileDescription file)
    {
        if (file.VirtualPath is { } path)
            return path;
        if (file is VirtualFile made)
            return made.Path;
        if (file is DeviceFile device)
            return device.Path;
        string host = HostFile.PathOf(scratch, file.Host);
        if (!Mounts.IsNarrowed || !host.StartsWith('/'))
            return host;
        return PlaceOf(scratch, file) switch { null => host, "" => "/", string place => place };
    }

    /// <summary>Where a directory is as the program sees it, "" for the root; null when it is outside of the mounts.</summary>
    internal string? PlaceOf(NativeBuffer scratch, FileDescription directory)
    {
        string path = HostFile.PathOf(scratch, directory.Host);
        if (!path.StartsWith('/'))
            return null;
        if (!Mounts.IsNarrowed)
            return path == "/" ? "" : path;
        if (directory.Mount is not { Source: >= 0 } mount)
            return null;
        string root = HostFile.PathOf(scratch, mount.Source).TrimEnd('/');
        path = path.TrimEnd('/');
        return path == root ? mount.Destination
            : path.StartsWith(root + "/", StringComparison.Ordinal) ? mount.Destination + path[root.Length..] : null;
    }

    /// <summary>
    /// Whether a descriptor that comes from another process may be the program's. With narrowed files a directory may
    /// only if the program sees it anyway, and is of that mount then; another one, or a mere path, would lead around what was
    /// chosen to be shown.
    /// </summary>
    /// <param name="scratch">For paths.</param>
    /// <param name="hostDescriptor">The descriptor.</param>
    /// <param name="mount">The mount that a directory is in.</param>
    internal bool Admits(NativeBuffer scratch, int hostDescriptor, out Mount? mount)
    {
        const int getFlags = 3;
        mount = null;
        if (!Mounts.IsNarrowed)
            return true;
        if (HostFile.IsDirectory(scratch, hostDescriptor))
            return !HostFile.IsOnProc(scratch, hostDescriptor) && (mount = Showing(scratch, HostFile.PathOf(scratch, hostDescriptor))) is not null;
        return (HostStubs.CallQuick(SystemCall.Fcntl, hostDescriptor, getFlags) & OpenFlags.Path) == 0;
    }

    /// <summary>The mount through which the program sees a directory of the host; null when it doesn't.</summary>
    private Mount? Showing(NativeBuffer scratch, string hostPath)
    {
        foreach (Mount mount in Mounts.LastGivenFirst)
        {
            string source = HostFile.PathOf(scratch, mount.Source).TrimEnd('/');
            if (hostPath != source && !hostPath.StartsWith(source + "/", StringComparison.Ordinal))
                continue;
            string place = mount.Destination + hostPath[source.Length..].TrimEnd('/');
            // Not below a later mount point, which covers it, nor where the VM has a view of its own.
            if (Mounts.Holding(place) == mount && !(_kernel?.VirtualFiles is not null && IsBelowVirtual(place)))
                return mount;
        }
        return null;
    }

    /// <summary>Asks the VM's own view. False when the path is the host's.</summary>
    internal bool TryFindVirtual(GuestThread thread, string path, out VirtualNode? node)
    {
        node = null;
        return _kernel?.VirtualFiles is { } files && IsBelowVirtual(path) && files.TryResolve(thread, path, out node);
    }

    private static bool IsBelowVirtual(string path) =>
        path.StartsWith("/proc", StringComparison.Ordinal) && IsEnd(path, 5)
        || path.StartsWith("/sys", StringComparison.Ordinal) && IsEnd(path, 4)
        || path.StartsWith("/dev", StringComparison.Ordinal) && IsEnd(path, 4);

    private static bool IsEnd(string path, int index) => path.Length == index || path[index] == '/';

    /// <summary>Whether a path must be walked because the VM's own view may have a part of it.</summary>
    private bool NeedsWalk(GuestThread thread, FileDescription directory, scoped in PathText path)
    {
        if (!path.IsAbsolute)
            return directory.VirtualPath is not null;
        ReadOnlySpan<byte> rest = path.Bytes.TrimStart((byte)'/');
        if (!(rest.StartsWith("proc"u8) || rest.StartsWith("sys"u8) || rest.StartsWith("dev"u8)) || _kernel?.VirtualFiles is null)
            return false;
        string text = Encoding.Latin1.GetString(path.Bytes);
        if (!IsBelowVirtual(text) || text.Contains("/.") || text.Contains("//"))
            return true;
        // A plain path none of whose prefixes is virtual is the host's, and takes the short way.
        for (int end = text.IndexOf('/', 1); ; end = text.IndexOf('/', end + 1))
        {
            string prefix = end < 0 ? text : text[..end];
            if (TryFindVirtual(thread, prefix, out _))
                return true;
            if (end < 0 || end + 1 >= text.Length)
                return false;
        }
    }

    private FileDescription InitialDirectory(KernelOptions options, NativeBuffer scratch)
    {
        using PathWalker walker = new(this, null, scratch);
        walker.StartAtRoot();
        if (options.WorkingDirectory is { } wanted)
        {
            string path = MountTable.Bytes(wanted);
            Errno error = path.Length >= PathScratch.MostPathBytes ? Errno.ENAMETOOLONG : walker.Walk(path + "/", PathGoal.Object);
            if (error != Errno.None)
                throw new MountException($"--cwd: cannot use '{wanted}' ({error}); give a directory that the program sees");
            return new FileDescription(walker.TakeHost()) { Mount = walker.Current.Mount };
        }
        long host = HostFile.OpenPath(scratch, OpenFlags.CurrentDirectory, ".", OpenFlags.Directory);
        if (host < 0)
            throw new MountException($"cannot use the working directory ({(Errno)(-host)}); change to another one, or give --cwd");
        FileDescription caller = new((int)host) { Mount = Mounts.Root };
        if (PlaceOf(scratch, caller) is not null)
            return caller;
        caller.Release();
        return new FileDescription(walker.TakeHost()) { Mount = Mounts.Root };
    }
}
