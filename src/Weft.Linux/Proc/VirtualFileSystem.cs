using System.Text;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>
/// The VM's own view of /proc, /sys and /dev: its processors, memory limit, maps, descriptors and control group.
/// Other processes of the host are not there. What is harmless of the host's is read through, and can't be changed.
/// </summary>
/// <remarks>Thread-safe. A file's content is made when it is opened and stays as it is until it is opened again.</remarks>
public sealed class VirtualFileSystem : IVirtualFiles
{
    // Made at the first use, because most short programs look at few of them.
    private readonly ViewContext _context;
    private readonly Lazy<ViewNode> _proc;
    private ViewNode? _sys;
    private ViewNode? _dev;
    private readonly string[] _binds;

    /// <summary>Looks at the host. Make it before the program runs: what memory the VMM uses now is not the program's.</summary>
    public VirtualFileSystem(KernelOptions options)
    {
        _context = new(options);
        _proc = new(() => new ProcTree(_context).Root);
        _binds = new string[options.Binds.Count];
        for (int i = 0; i < _binds.Length; i++)
            _binds[i] = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(options.Binds[i].Destination.TrimEnd('/')));
    }

    /// <inheritdoc/>
    public bool TryResolve(GuestThread thread, string absolutePath, out VirtualNode? node)
    {
        node = null;
        if (IsBound(absolutePath))
            return false;
        string[] names = absolutePath.Split('/');
        ViewNode? view = names.Length < 2 ? PassThrough.Instance : names[1] switch
        {
            "proc" => _proc.Value,
            "sys" => Volatile.Read(ref _sys) ?? Keep(ref _sys, new SysTree(_context, thread.Kernel.Adapter).Make()),
            "dev" => Volatile.Read(ref _dev) ?? Keep(ref _dev, new DevTree(_context, thread.Kernel.Adapter).Make()),
            _ => PassThrough.Instance,
        };
        for (int i = 2; i < names.Length && view is not null; i++)
            view = view.Find(thread, names[i]);
        if (view is PassThrough)
            return false;
        node = view?.Describe(thread);
        return true;
    }

    /// <summary>One tree is as good as another made at the same time; the first stays.</summary>
    private static ViewNode Keep(ref ViewNode? place, ViewNode made) => Interlocked.CompareExchange(ref place, made, null) ?? made;

    /// <summary>Whether a --bind stands at a path or above it: it is then the user's.</summary>
    private bool IsBound(string path)
    {
        foreach (string bind in _binds)
            if (path.StartsWith(bind, StringComparison.Ordinal) && (path.Length == bind.Length || path[bind.Length] == '/'))
                return true;
        return false;
    }
}
