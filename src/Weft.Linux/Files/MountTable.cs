using System.Text;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>The root and the binds of a VM, as <see cref="KernelOptions"/> say. Immutable.</summary>
internal sealed class MountTable
{
    private readonly Mount[] _binds;

    /// <summary>Opens the sources.</summary>
    /// <exception cref="MountException">A source or a mount point is not there.</exception>
    internal MountTable(KernelOptions options)
    {
        IsNarrowed = options.NarrowsFiles;
        IsReadOnly = options.ReadOnly;
        Root = new Mount("", OpenSource(options.RootDirectory ?? "/", "--root", true), options.ReadOnly);
        // They are the host's own: a VM with a root of its own uses them, but doesn't change their owner, mode or times.
        KeepsDevices = options.ReadOnly || options.RootDirectory is not null;
        Granted = new Mount("", -1, KeepsDevices);
        _binds = new Mount[options.Binds.Count];
        for (int index = 0; index < _binds.Length; index++)
        {
            BindMount bind = options.Binds[index];
            if (!bind.Destination.StartsWith('/'))
                throw new MountException($"--bind: the destination '{bind.Destination}' is not absolute; give it as /path");
            string destination = Normalise(Bytes(bind.Destination));
            if (destination.Length == 0)
                throw new MountException("--bind: '/' can't be a destination; use --root");
            _binds[index] = new Mount(destination, OpenSource(bind.Source, "--bind", false), bind.ReadOnly);
        }
    }

    /// <summary>Whether anything narrows the caller's files.</summary>
    internal bool IsNarrowed { get; }

    /// <summary>--read-only.</summary>
    internal bool IsReadOnly { get; }

    /// <summary>Whether owner, mode and times of the host's devices are not the program's to change.</summary>
    internal bool KeepsDevices { get; }

    internal bool HasBinds => _binds.Length > 0;

    internal Mount Root { get; }

    /// <summary>Host files that the VM's own view hands out, such as devices.</summary>
    internal Mount Granted { get; }

    /// <summary>The mount at exactly this path, the last one given first, or null.</summary>
    internal Mount? At(string path)
    {
        for (int index = _binds.Length - 1; index >= 0; index--)
            if (_binds[index].Destination == path)
                return _binds[index];
        return null;
    }

    /// <summary>All of them, the root last.</summary>
    internal IEnumerable<Mount> LastGivenFirst
    {
        get
        {
            for (int index = _binds.Length - 1; index >= 0; index--)
                yield return _binds[index];
            yield return Root;
        }
    }

    /// <summary>The mount that a path of the program is in.</summary>
    internal Mount Holding(string path)
    {
        Mount holding = Root;
        foreach (Mount bind in _binds)
            if (bind.Destination.Length >= holding.Destination.Length
                && (path == bind.Destination || path.StartsWith(bind.Destination + "/", StringComparison.Ordinal)))
                holding = bind;
        return holding;
    }

    /// <summary>A text as the kernel gets it, with a char a byte.</summary>
    internal static string Bytes(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>An absolute path without empty, "." and ".." components and without a slash at the end; "" for the root.</summary>
    internal static string Normalise(string path)
    {
        List<string> names = [];
        foreach (string name in path.Split('/'))
            if (name == ".." && names.Count > 0)
                names.RemoveAt(names.Count - 1);
            else if (name is not ("" or "." or ".."))
                names.Add(name);
        return names.Count == 0 ? "" : "/" + string.Join('/', names);
    }

    private static int OpenSource(string path, string option, bool mustBeDirectory)
    {
        using NativeBuffer buffer = new(2 * PathScratch.MostPathBytes);
        string bytes = Bytes(path);
        if (bytes.Length >= PathScratch.MostPathBytes)
            throw new MountException($"{option}: '{path}' is too long for a path");
        int flags = OpenFlags.Path | OpenFlags.CloseOnExec | (mustBeDirectory ? OpenFlags.Directory : 0);
        long result = HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.Put(buffer, 0, bytes), flags);
        if (result < 0)
            throw new MountException($"{option}: cannot use '{path}' ({(Errno)(-result)}); give one that exists and that you may enter");
        return (int)result;
    }
}
