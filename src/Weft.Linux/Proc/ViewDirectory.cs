using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A directory of fixed entries, over another one that shows where there is none.</summary>
/// <remarks>Filled before the first look-up; immutable from then on.</remarks>
internal sealed class ViewDirectory : ViewNode
{
    private readonly Dictionary<string, ViewNode> _entries = [];
    private readonly ViewNode? _below;
    private readonly Func<string, bool> _hides;
    private readonly VirtualNode _node;

    /// <summary>An empty directory.</summary>
    /// <param name="below">What shows through, or null.</param>
    /// <param name="hides">Names that don't show through.</param>
    /// <param name="permissions">The mode bits.</param>
    internal ViewDirectory(ViewNode? below = null, Func<string, bool>? hides = null, int permissions = 0x16d)
    {
        _below = below;
        _hides = hides ?? (_ => false);
        _node = VirtualNode.Directory(List, permissions);
    }

    internal override VirtualNodeKind Kind => VirtualNodeKind.Directory;

    internal override VirtualNode Describe(GuestThread thread) => _node;

    internal override ViewNode? Find(GuestThread thread, string name) =>
        _entries.TryGetValue(name, out ViewNode? node) ? node
        : _below is null || _hides(name) ? null
        : _below.Find(thread, name);

    /// <summary>Adds an entry.</summary>
    internal ViewDirectory Add(string name, ViewNode node)
    {
        _entries.Add(name, node);
        return this;
    }

    private IReadOnlyList<VirtualEntry> List(GuestThread thread)
    {
        List<VirtualEntry> list = [];
        if (_below?.Describe(thread).List is { } lister)
            foreach (VirtualEntry entry in lister(thread))
                if (!_entries.ContainsKey(entry.Name) && !_hides(entry.Name))
                    list.Add(entry);
        foreach ((string name, ViewNode node) in _entries)
            list.Add(new VirtualEntry(name, node.Kind));
        return list;
    }
}
