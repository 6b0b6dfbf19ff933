using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>One record of a VM's connection events. Shorter than a page, so that pipes keep it whole.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ConnectionEvent
{
    /// <summary>What happened.</summary>
    public ConnectionEventKind Kind;

    /// <summary>The endpoint that it happened to: of a request, the listener.</summary>
    public uint Endpoint;

    /// <summary>Of a request: the new endpoint, which is closed unless somebody takes it.</summary>
    public uint NewEndpoint;

    /// <summary>Of a rejection: the specification's reason code; of datagrams, the SIDR status.</summary>
    public int Status;

    /// <summary>Of a request: the address that was called.</summary>
    public ServiceAddress Local;

    /// <summary>Of a request: the caller's.</summary>
    public ServiceAddress Remote;

    /// <summary>The other port's GID.</summary>
    public GlobalAddress RemoteGid;

    /// <summary>The other port's LID.</summary>
    public ushort RemoteLid;

    /// <summary>Not used, 0.</summary>
    public ushort Reserved;

    /// <summary>What the other end tells.</summary>
    public ConnectionParameters Parameters;

    /// <summary>Not used, 0.</summary>
    public uint Reserved2;
}
