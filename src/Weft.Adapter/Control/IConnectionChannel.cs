using Weft.Native;

namespace Weft.Adapter.Control;

/// <summary>
/// Connection management for a VM: who listens where, and the exchange of queue pair numbers before two programs talk.
/// What it does is the InfiniBand specification's communication management (volume 1, chapter 12) by IP address (annex A11).
/// Endpoints are numbers of this channel; stale and foreign ones are EINVAL. Thread-safe.
/// </summary>
public interface IConnectionChannel : IDisposable
{
    /// <summary>The reading end of a pipe of <see cref="ConnectionEvent"/> records. Owned by the caller from the first read on; -1 after that.</summary>
    int TakeEventDescriptor();

    /// <summary>Makes an endpoint at an address of this host.</summary>
    /// <param name="space">Whose ports.</param>
    /// <param name="address">The address, or any; with port 0 one is chosen.</param>
    /// <param name="mayShare">The port may be shared with others that may share it, as long as one of them listens.</param>
    /// <param name="endpoint">Its number.</param>
    /// <param name="port">The port.</param>
    /// <returns>EADDRINUSE, EMFILE.</returns>
    Errno Bind(ConnectionSpace space, in ServiceAddress address, bool mayShare, out uint endpoint, out ushort port);

    /// <summary>Takes requests from now on. EADDRINUSE when another listens there.</summary>
    Errno Listen(uint endpoint, uint backlog);

    /// <summary>Which port of the fabric an address leads to: the listener's, else this VM's own. EHOSTUNREACH for addresses of no host.</summary>
    /// <param name="space">Whose ports.</param>
    /// <param name="address">The address; of this host when <paramref name="isLocal"/>.</param>
    /// <param name="isLocal">The address is this host's.</param>
    /// <param name="lid">The port's LID.</param>
    /// <param name="gid">Its GID.</param>
    Errno Resolve(ConnectionSpace space, in ServiceAddress address, bool isLocal, out ushort lid, out GlobalAddress gid);

    /// <summary>Calls a listener: the answer is an event. EISCONN when that was done already.</summary>
    /// <param name="endpoint">Who calls.</param>
    /// <param name="source">The address that the listener is told; the port stays the endpoint's.</param>
    /// <param name="destination">Who is called.</param>
    /// <param name="isLocal">The destination is this host's.</param>
    /// <param name="parameters">What the listener is told.</param>
    Errno Connect(uint endpoint, in ServiceAddress source, in ServiceAddress destination, bool isLocal, in ConnectionParameters parameters);

    /// <summary>Accepts a request, or, by who called, the reply to one.</summary>
    Errno Accept(uint endpoint, in ConnectionParameters parameters);

    /// <summary>Refuses a request or a reply. The reason is the specification's, of datagrams the SIDR status.</summary>
    Errno Reject(uint endpoint, ushort reason, in ConnectionParameters parameters);

    /// <summary>Ends a connection; both ends get an event. EINVAL when there was none.</summary>
    Errno Disconnect(uint endpoint);

    /// <summary>Ends an endpoint: a connection is disconnected, a request refused, a listener's too.</summary>
    Errno Close(uint endpoint);
}
