using Weft.Native;

namespace Weft.Fabric;

/// <summary>send(2) and recv(2) on a stream socket, without waiting.</summary>
internal static unsafe class StreamSocket
{
    /// <summary>Longer transfers copy for longer than a garbage collection should wait.</summary>
    private const int QuickBytes = 16 << 10;
    private const int DontWait = 0x40, NoSignal = 0x4000;

    /// <summary>Sends what the socket takes. Returns bytes, or -errno.</summary>
    internal static long Send(int descriptor, ReadOnlySpan<byte> bytes)
    {
        // SAFETY: the span is pinned for the call and bounds what the kernel reads.
        fixed (byte* pointer = bytes)
        {
            return bytes.Length <= QuickBytes
                ? HostStubs.CallQuick(SystemCall.Sendto, descriptor, (long)pointer, bytes.Length, DontWait | NoSignal)
                : HostStubs.Call(SystemCall.Sendto, descriptor, (long)pointer, bytes.Length, DontWait | NoSignal);
        }
    }

    /// <summary>Receives what is there. Returns bytes, 0 at the end, or -errno.</summary>
    internal static long Receive(int descriptor, Span<byte> bytes)
    {
        // SAFETY: the span is pinned for the call and bounds what the kernel writes.
        fixed (byte* pointer = bytes)
            return HostStubs.Call(SystemCall.Recvfrom, descriptor, (long)pointer, bytes.Length, DontWait);
    }
}
