using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A path, with all below it, that the VM's own view leaves to ordinary resolution.</summary>
internal sealed class PassThrough : ViewNode
{
    internal static PassThrough Instance { get; } = new();

    internal override VirtualNodeKind Kind => VirtualNodeKind.HostPath;

    internal override VirtualNode Describe(GuestThread thread) => throw new InvalidOperationException("A path of the host's own has no node.");

    internal override ViewNode? Find(GuestThread thread, string name) => this;
}
