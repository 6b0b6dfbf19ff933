using Weft.Native;

namespace Weft.Fabric;

/// <summary>An eventfd: any thread sets it, one thread clears it.</summary>
internal sealed unsafe class WakeEvent : IDisposable
{
    private const int NonBlockCloseOnExec = 0x800 | 0x80000;

    /// <summary>Keeps a late <see cref="Set"/> from a descriptor that was closed and is another's by now.</summary>
    private readonly Lock _gate = new();
    private bool _disposed;

    internal WakeEvent()
    {
        long descriptor = HostStubs.Call(SystemCall.Eventfd2, 0, NonBlockCloseOnExec);
        if (descriptor < 0)
            throw new IOException("The host has no descriptors left for links.");
        Descriptor = (int)descriptor;
    }

    internal int Descriptor { get; }

    internal void Set()
    {
        ulong one = 1;
        lock (_gate)
        {
            if (_disposed)
                return;
            // SAFETY: the kernel reads 8 bytes of a local.
            HostStubs.CallQuick(SystemCall.Write, Descriptor, (long)(&one), sizeof(ulong));
        }
    }

    internal void Clear()
    {
        ulong count;
        // SAFETY: the kernel writes 8 bytes to a local.
        HostStubs.CallQuick(SystemCall.Read, Descriptor, (long)(&count), sizeof(ulong));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            HostStubs.Call(SystemCall.Close, Descriptor);
        }
    }
}
