using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>Reads a VM's connection events on a thread of its own, as long as the daemon lives.</summary>
internal static class ConnectionEventReader
{
    /// <summary>Starts the thread.</summary>
    /// <param name="pipe">The reading end, owned from now on.</param>
    /// <param name="happened">Called with each event, on the thread.</param>
    /// <param name="gone">Called once, when there will be no more.</param>
    internal static void Start(int pipe, Action<ConnectionEvent> happened, Action gone)
    {
        const int stackBytes = 256 << 10;
        new Thread(() => Read(pipe, happened, gone), stackBytes) { IsBackground = true, Name = "weft-connections" }.Start();
    }

    private static void Read(int pipe, Action<ConnectionEvent> happened, Action gone)
    {
        int recordBytes = Unsafe.SizeOf<ConnectionEvent>();
        using NativeBuffer buffer = new(4096);
        for (; ; )
        {
            // Records are shorter than what pipes keep whole, so a read brings one.
            long read = HostStubs.Call(SystemCall.Read, pipe, (long)buffer.Address.Value, recordBytes);
            if (read == -(long)Errno.EINTR)
                continue;
            if (read != recordBytes)
                break;
            happened(MemoryMarshal.Read<ConnectionEvent>(buffer.Span));
        }
        HostStubs.Call(SystemCall.Close, pipe);
        gone();
    }
}
