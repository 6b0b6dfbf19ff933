using System.Text;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>A file; as a rule its content is made at each open.</summary>
internal sealed class ViewFile(VirtualNode node) : ViewNode
{
    internal ViewFile(VirtualNode.Reader read, VirtualNode.Writer? write = null, int? permissions = null)
        : this(VirtualNode.File(read, write, permissions))
    {
    }

    internal override VirtualNodeKind Kind => VirtualNodeKind.File;

    internal override VirtualNode Describe(GuestThread thread) => node;

    /// <summary>A file of text with a char a byte.</summary>
    internal static ViewFile Text(Func<GuestThread, string> read, int? permissions = null) =>
        new(thread => Encoding.Latin1.GetBytes(read(thread)), null, permissions);

    /// <summary>A file whose text never changes.</summary>
    internal static ViewFile Constant(string text)
    {
        byte[] content = Encoding.Latin1.GetBytes(text);
        return new(_ => content);
    }
}
