using System.Runtime.InteropServices;

namespace Weft.Linux.Polling;

/// <summary>struct pollfd. Source: poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PolledFile
{
    internal const int In = 1, Priority = 2, Out = 4, Error = 8, HangUp = 16, Invalid = 32,
        ReadNormal = 0x40, ReadBand = 0x80, WriteNormal = 0x100, WriteBand = 0x200;

    internal const int Bytes = 8;

    internal int Descriptor;
    internal short Events;
    internal short Returned;
}
