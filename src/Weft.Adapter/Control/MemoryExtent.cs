using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>A piece of a VM's memory that the engine can map.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MemoryExtent
{
    /// <summary>First byte: of the arena's memfd or of the attached memory.</summary>
    public ulong Offset;

    /// <summary>Its length in bytes, above 0.</summary>
    public ulong LengthBytes;

    /// <summary>0 for the arena, else from <see cref="IAdapterVm.AttachMemory"/>.</summary>
    public int Source;

    /// <summary>Not used, 0.</summary>
    public int Reserved;
}
