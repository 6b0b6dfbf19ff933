using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>A new completion queue.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CompletionQueueReply
{
    /// <summary>The handle.</summary>
    public uint Handle;

    /// <summary>CQN, 24 bits.</summary>
    public uint Number;
}
