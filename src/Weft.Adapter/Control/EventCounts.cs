using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>How many events an object ever fired: the caller subtracts those that the program never read.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct EventCounts
{
    /// <summary>Into its completion channel.</summary>
    public uint Completion;

    /// <summary>Into the context's asynchronous descriptor.</summary>
    public uint Asynchronous;
}
