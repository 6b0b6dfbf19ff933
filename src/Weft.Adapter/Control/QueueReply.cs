using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>A new queue pair or shared receive queue.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct QueueReply
{
    /// <summary>The handle.</summary>
    public uint Handle;

    /// <summary>QPN or SRQN: 2 to 2^23-1; low bits unique in the context.</summary>
    public uint Number;
}
