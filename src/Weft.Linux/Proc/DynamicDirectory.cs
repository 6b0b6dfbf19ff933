using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A directory whose entries come and go.</summary>
/// <param name="find">An entry by name, or null.</param>
/// <param name="list">All entries.</param>
/// <param name="permissions">The mode bits.</param>
internal sealed class DynamicDirectory(Func<GuestThread, string, ViewNode?> find, VirtualNode.Lister list, int permissions = 0x16d) : ViewNode
{
    internal override VirtualNodeKind Kind => VirtualNodeKind.Directory;

    internal override VirtualNode Describe(GuestThread thread) => VirtualNode.Directory(list, permissions);

    internal override ViewNode? Find(GuestThread thread, string name) => find(thread, name);
}
