using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>One record of the asynchronous descriptor: struct ib_uverbs_async_event_desc.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AsyncEvent
{
    /// <summary>The object's user handle, or the port's number.</summary>
    public ulong Element;

    /// <summary>What happened.</summary>
    public AsyncEventType Type;

    /// <summary>Not used, 0.</summary>
    public uint Reserved;
}
