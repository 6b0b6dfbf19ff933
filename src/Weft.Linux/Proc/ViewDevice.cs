using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A character device that the VMM serves.</summary>
internal sealed class ViewDevice(DeviceNumber number, VirtualNode.Opener open) : ViewNode
{
    private readonly VirtualNode _node = VirtualNode.Character(number, open);

    internal override VirtualNodeKind Kind => VirtualNodeKind.Device;

    internal override VirtualNode Describe(GuestThread thread) => _node;
}
