using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A symbolic link, whose text may depend on who asks.</summary>
internal sealed class ViewLink(Func<GuestThread, string> target) : ViewNode
{
    internal ViewLink(string target) : this(_ => target)
    {
    }

    internal override VirtualNodeKind Kind => VirtualNodeKind.Symlink;

    internal override VirtualNode Describe(GuestThread thread) => VirtualNode.Symlink(target(thread));
}
