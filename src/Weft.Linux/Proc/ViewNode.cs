using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>Something in the VM's own view. Immutable; thread-safe.</summary>
internal abstract class ViewNode
{
    /// <summary>What it is.</summary>
    internal abstract VirtualNodeKind Kind { get; }

    /// <summary>What the file calls get.</summary>
    internal abstract VirtualNode Describe(GuestThread thread);

    /// <summary>An entry of a directory; null for none and for what is no directory.</summary>
    internal virtual ViewNode? Find(GuestThread thread, string name) => null;
}
