using System.Runtime.InteropServices;
using Weft.Adapter.Control;

namespace Weft.Adapter.Connections;

/// <summary>A message between endpoints, plain data that a link can carry as it is.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct ConnectionMessage
{
    /// <summary>What it is.</summary>
    public ConnectionMessageKind Kind;

    /// <summary>Of a request: whose ports.</summary>
    public ConnectionSpace Space;

    /// <summary>The sender's host; set by the link that receives it.</summary>
    public uint FromHost;

    /// <summary>The sender.</summary>
    public uint FromEndpoint;

    /// <summary>The receiver's host, 0 for the sender's own.</summary>
    public uint ToHost;

    /// <summary>The receiver; 0 in a request, which goes to an address.</summary>
    public uint ToEndpoint;

    /// <summary>The sender's address.</summary>
    public ServiceAddress From;

    /// <summary>Of a request: the address called.</summary>
    public ServiceAddress To;

    /// <summary>The sender's GID.</summary>
    public GlobalAddress Gid;

    /// <summary>The sender's LID.</summary>
    public ushort Lid;

    /// <summary>Of a refusal: why.</summary>
    public ushort Reason;

    /// <summary>What is told.</summary>
    public ConnectionParameters Parameters;
}
