using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>The host's /dev, or a directory of it: listed by the VMM, so that entries can be hidden, and else left to ordinary resolution.</summary>
internal sealed class HostDevices(HostReader host, string path) : ViewNode
{
    internal override VirtualNodeKind Kind => VirtualNodeKind.Directory;

    internal override VirtualNode Describe(GuestThread thread) => VirtualNode.Directory(_ =>
    {
        List<VirtualEntry> list = [];
        foreach ((string name, byte type) in host.List(path))
            list.Add(new VirtualEntry(name, HostMirror.KindOf(type)));
        return list;
    });

    internal override ViewNode? Find(GuestThread thread, string name) => PassThrough.Instance;
}
