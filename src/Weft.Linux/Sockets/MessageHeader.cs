using System.Runtime.InteropServices;

namespace Weft.Linux.Sockets;

/// <summary>struct msghdr, 56 bytes. Source: linux/socket.h (user_msghdr).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MessageHeader
{
    internal const int Bytes = 56;

    /// <summary>Where the calls write results, from the start of the structure.</summary>
    internal const int NameLengthOffset = 8, ControlLengthOffset = 40, FlagsOffset = 48;

    internal ulong Name;
    internal int NameLength;
    private int _padding;
    internal ulong Vectors;
    internal ulong VectorCount;
    internal ulong Control;
    internal ulong ControlLength;
    internal uint Flags;
    private int _padding2;
}
