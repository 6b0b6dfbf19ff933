using System.Net;

namespace Weft.Fabric.Security;

/// <summary>What a member of the cluster must prove before a link is begun with it, and over which networks that will do.</summary>
public abstract class LinkSecurity
{
    /// <summary>Why links must not be made by way of this address, in one line; null when they may.</summary>
    public abstract string? Refusal(IPAddress address);

    /// <summary>Proves membership to a peer that was connected to, and has it prove its own.</summary>
    /// <exception cref="LinkRefusedException">It did not.</exception>
    internal abstract Task<LinkConnection> ConnectAsync(System.Net.Sockets.Socket socket, Introduction introduction, CancellationToken cancel);

    /// <summary>Has a stranger prove membership, and proves this daemon's own.</summary>
    /// <param name="socket">The connection; owned from now on.</param>
    /// <param name="number">This host's number.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="LinkRefusedException">It did not.</exception>
    internal abstract Task<LinkConnection> AcceptAsync(System.Net.Sockets.Socket socket, ushort number, CancellationToken cancel);
}
