using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>A region's or a window's handle and keys.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RegionKeys
{
    /// <summary>The handle.</summary>
    public uint Handle;

    /// <summary>lkey.</summary>
    public uint LocalKey;

    /// <summary>rkey.</summary>
    public uint RemoteKey;
}
