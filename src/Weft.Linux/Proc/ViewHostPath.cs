using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A file of the host that every program has, such as a device; or a directory of such files.</summary>
internal sealed class ViewHostPath(string path) : ViewNode
{
    internal override VirtualNodeKind Kind => VirtualNodeKind.HostPath;

    internal override VirtualNode Describe(GuestThread thread) => VirtualNode.HostPath(path);

    internal override ViewNode? Find(GuestThread thread, string name) => new ViewHostPath($"{path}/{name}");
}
