using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>A GID: 16 bytes in network order, kept as two big-endian halves read as numbers.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct GlobalAddress(ulong Prefix, ulong Interface);
