using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>What ibv_reg_mr asks.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RegionRequest
{
    /// <summary>First byte in the program's address space.</summary>
    public ulong Start;

    /// <summary>Length in bytes, above 0.</summary>
    public ulong LengthBytes;

    /// <summary>The address by which requests name the first byte (ibv_reg_mr_iova).</summary>
    public ulong VirtualAddress;

    /// <summary>The protection domain's handle.</summary>
    public uint ProtectionDomain;

    /// <summary>enum ibv_access_flags: 1 local write, 2 remote write, 4 remote read, 8 remote atomic, 16 window bind, 32 zero based.</summary>
    public uint Access;
}
