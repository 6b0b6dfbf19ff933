using System.Text;

namespace Weft.Linux.Proc;

/// <summary>Paths of the host as the program sees them, where a bind or the root shows them.</summary>
/// <remarks>Thread-safe. Compares with the paths that the host's kernel gives open files, in which no link is left.</remarks>
internal sealed class VisiblePaths
{
    private readonly string? _root;
    private readonly (string Source, string Destination)[] _binds;

    /// <summary>Looks at the host for where root and binds lead.</summary>
    internal VisiblePaths(HostReader host, KernelOptions options)
    {
        string Canonical(string path)
        {
            string full = Path.GetFullPath(path);
            string? found = host.CanonicalPath(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(full)));
            return (found is null ? full : Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(found))).TrimEnd('/');
        }
        _root = options.RootDirectory is { } root ? Canonical(root) : null;
        _binds = new (string, string)[options.Binds.Count];
        for (int i = 0; i < _binds.Length; i++)
            _binds[i] = (Canonical(options.Binds[i].Source), options.Binds[i].Destination.TrimEnd('/'));
    }

    /// <summary>A path as the program sees it; as it is on the host when the program cannot reach it by a path, as Linux shows it after chroot(2).</summary>
    internal string Of(string path)
    {
        foreach ((string source, string destination) in _binds)
            if (Below(path, source) is { } rest)
                return destination + rest;
        return _root is not null && Below(path, _root) is { Length: > 0 } inside ? inside : path;
    }

    private static string? Below(string path, string directory) =>
        path.StartsWith(directory, StringComparison.Ordinal) && (path.Length == directory.Length || path[directory.Length] == '/')
            ? path[directory.Length..] : null;
}
