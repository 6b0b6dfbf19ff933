using System.Text;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A directory of the host's pseudo files, with all below, that can be read and never changed.</summary>
/// <param name="host">Reads the host.</param>
/// <param name="path">The host's path.</param>
internal sealed class HostMirror(HostReader host, string path) : ViewNode
{
    private const int TypeMask = 0xf000, DirectoryType = 0x4000, LinkType = 0xa000, RegularType = 0x8000, ReadBits = 0x124, DirectoryBits = 0x16d;

    internal override VirtualNodeKind Kind => VirtualNodeKind.Directory;

    internal override VirtualNode Describe(GuestThread thread) => VirtualNode.Directory(List);

    internal override ViewNode? Find(GuestThread thread, string name) => At(host, $"{path}/{name}");

    /// <summary>What the host has at a path, or null; a link is a link of the VM's view.</summary>
    internal static ViewNode? At(HostReader host, string path)
    {
        int mode = host.Mode(path);
        if (mode < 0)
            return null;
        return (mode & TypeMask) switch
        {
            DirectoryType => (mode & DirectoryBits) == 0 ? null : new HostMirror(host, path),
            LinkType => host.ReadLink(path) is { } text ? new ViewLink(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(text))) : null,
            RegularType => File(host, path, mode & ReadBits),
            _ => null,
        };
    }

    /// <summary>A file of the host, read at each open.</summary>
    internal static ViewFile File(HostReader host, string path, int permissions = ReadBits) =>
        new(_ => host.ReadAll(path) ?? [], null, permissions);

    private IReadOnlyList<VirtualEntry> List(GuestThread thread)
    {
        List<(string Name, byte Type)> entries = host.List(path);
        VirtualEntry[] list = new VirtualEntry[entries.Count];
        for (int i = 0; i < list.Length; i++)
            list[i] = new VirtualEntry(entries[i].Name, KindOf(entries[i].Type));
        return list;
    }

    /// <summary>The kind of a d_type. Source: getdents(2).</summary>
    internal static VirtualNodeKind KindOf(byte type)
    {
        const int directory = 4, regular = 8, link = 10;
        return type switch
        {
            directory => VirtualNodeKind.Directory,
            regular => VirtualNodeKind.File,
            link => VirtualNodeKind.Symlink,
            _ => VirtualNodeKind.HostPath,
        };
    }
}
