using System.Text;
using Weft.Linux.Memory;

namespace Weft.Linux.Proc;

/// <summary>The names of mapped files as one reading of maps shows them.</summary>
/// <remarks>For one reading by one thread: it asks the host once for each file whether its path still leads to it.</remarks>
internal sealed class FileNames(ViewContext context)
{
    private const string Deleted = " (deleted)";
    private readonly Dictionary<MappedFile, string> _names = [];

    /// <summary>The last column of an area's line, a char a byte: the file's path as the program sees it, "[heap]" and the like, or "".</summary>
    internal string Of(MemoryArea area)
    {
        if (area.File is not { } file)
            return area.Name ?? "";
        if (!_names.TryGetValue(file, out string? name))
            _names.Add(file, name = NameOf(file));
        return name;
    }

    private string NameOf(MappedFile file)
    {
        string path = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(file.Path));
        // memfds and the like have a made-up path; that of a removed file said so already when it was mapped.
        bool isGone = path.StartsWith('/') && !path.EndsWith(Deleted, StringComparison.Ordinal) && !context.Host.IsAt(path, file.Device, file.Inode);
        string visible = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(context.Paths.Of(file.Path)));
        return visible.Replace("\n", "\\012") + (isGone ? Deleted : "");
    }
}
