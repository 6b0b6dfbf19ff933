using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Connections;

/// <summary>
/// Connection management of a host: its VMs' endpoints, the ports they are at, and the messages between them. A message to
/// an endpoint of this host is delivered at once; others go over <see cref="Links"/>.
/// </summary>
/// <remarks>
/// Thread-safe: one lock, since nothing here is on a data path. Nothing is called under it but pipes and links that don't
/// block.
/// </remarks>
public sealed class ConnectionManager
{
    private const int MostEndpoints = 1 << 16;
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ConnectionEndpoint> _endpoints = [];
    private readonly PortTable _ports = new();
    private uint _lastNumber;

    /// <summary>Other hosts; null for none.</summary>
    public IConnectionLinks? Links { get; set; }

    /// <summary>A VM's channel.</summary>
    /// <param name="device">Its addresses.</param>
    /// <param name="connections">The channel; disposing it closes its endpoints.</param>
    public Errno Open(in DeviceAttributes device, out IConnectionChannel? connections)
    {
        Errno error = EventPipe.TryCreate(out EventPipe? pipe);
        connections = error == Errno.None ? new ConnectionChannel(this, pipe!, device.Lid, new GlobalAddress(GlobalAddresses.LinkLocal, device.PortGuid)) : null;
        return error;
    }

    /// <summary>Takes a message from another host. Unknown targets are answered as the specification says, or ignored.</summary>
    public void Receive(in ConnectionMessage message)
    {
        lock (_lock)
            DeliverLocked(message);
    }

    /// <summary>Another host is gone: what was connected to it is disconnected, and calls to it are refused.</summary>
    public void Lose(uint host)
    {
        lock (_lock)
            foreach (ConnectionEndpoint endpoint in _endpoints.Values)
                if (endpoint.Peer.Host == host && host != 0)
                    endpoint.OnPeerGone();
    }

    /// <summary>A message to another host could not be sent after all.</summary>
    public void Refuse(in ConnectionMessage message)
    {
        lock (_lock)
            RefuseLocked(message, RejectReason.Timeout);
    }

    internal Errno Bind(ConnectionChannel owner, ConnectionSpace space, ServiceAddress address, bool mayShare, out uint number, out ushort port)
    {
        number = 0;
        port = 0;
        if (space is not (ConnectionSpace.Stream or ConnectionSpace.Datagram or ConnectionSpace.InfiniBand))
            return Errno.EPROTONOSUPPORT;
        lock (_lock)
        {
            if (_endpoints.Count >= MostEndpoints)
                return Errno.EMFILE;
            ConnectionEndpoint endpoint = new(owner, space) { Local = address, MayShare = mayShare };
            Errno error = _ports.TryAdd(endpoint);
            if (error != Errno.None)
                return error;
            port = endpoint.Local.Port;
            number = AddLocked(endpoint);
            return Errno.None;
        }
    }

    internal Errno Listen(ConnectionChannel owner, uint number, uint backlog)
    {
        const uint mostBacklog = 1024;
        lock (_lock)
        {
            if (!TryFindLocked(owner, number, out ConnectionEndpoint endpoint) || endpoint.State is not (EndpointState.Idle or EndpointState.Listening))
                return Errno.EINVAL;
            if (_ports.Listener(endpoint.Space, endpoint.Local, true) is { } other && other != endpoint)
                return Errno.EADDRINUSE;
            endpoint.State = EndpointState.Listening;
            endpoint.Backlog = backlog is 0 or > mostBacklog ? mostBacklog : backlog;
            return Errno.None;
        }
    }

    internal Errno Resolve(ConnectionChannel asker, ConnectionSpace space, in ServiceAddress address, bool isLocal, out ushort lid, out GlobalAddress gid)
    {
        (lid, gid) = (asker.Lid, asker.Gid);
        lock (_lock)
        {
            if (isLocal)
            {
                if (_ports.Listener(space, address, false) is { } listener)
                    (lid, gid) = (listener.Owner.Lid, listener.Owner.Gid);
                return Errno.None;
            }
            return Links is { } links && links.TryFind(space, address, out _, out lid, out gid) ? Errno.None : Errno.EHOSTUNREACH;
        }
    }

    internal Errno Connect(ConnectionChannel owner, uint number, in ServiceAddress source, in ServiceAddress destination, bool isLocal, in ConnectionParameters parameters)
    {
        lock (_lock)
        {
            if (!TryFindLocked(owner, number, out ConnectionEndpoint endpoint))
                return Errno.EINVAL;
            if (endpoint.State != EndpointState.Idle)
                return Errno.EISCONN;
            uint host = 0;
            if (!isLocal && (Links is not { } links || !links.TryFind(endpoint.Space, destination, out host, out _, out _)))
                return Errno.EHOSTUNREACH;
            endpoint.Peer = new PeerName(host, 0);
            endpoint.State = EndpointState.RequestSent;
            SendLocked(endpoint.Write(ConnectionMessageKind.Request, parameters) with
            {
                To = destination,
                From = source with { Port = endpoint.Local.Port },
            });
            return Errno.None;
        }
    }

    internal Errno Accept(ConnectionChannel owner, uint number, in ConnectionParameters parameters)
    {
        lock (_lock)
        {
            if (!TryFindLocked(owner, number, out ConnectionEndpoint endpoint))
                return Errno.EINVAL;
            switch (endpoint.State)
            {
                case EndpointState.RequestReceived:
                    endpoint.LeaveBacklog();
                    endpoint.State = endpoint.Space == ConnectionSpace.Datagram ? EndpointState.Answered : EndpointState.ReplySent;
                    SendLocked(endpoint.Write(ConnectionMessageKind.Reply, parameters));
                    return Errno.None;
                case EndpointState.ReplyReceived:
                    endpoint.State = EndpointState.Established;
                    SendLocked(endpoint.Write(ConnectionMessageKind.Ready, default));
                    return Errno.None;
                default:
                    return Errno.EINVAL;
            }
        }
    }

    internal Errno Reject(ConnectionChannel owner, uint number, ushort reason, in ConnectionParameters parameters)
    {
        lock (_lock)
        {
            if (!TryFindLocked(owner, number, out ConnectionEndpoint endpoint)
                || endpoint.State is not (EndpointState.RequestReceived or EndpointState.ReplyReceived or EndpointState.ReplySent))
                return Errno.EINVAL;
            endpoint.LeaveBacklog();
            endpoint.State = EndpointState.Over;
            SendLocked(endpoint.Write(ConnectionMessageKind.Reject, parameters) with { Reason = reason });
            return Errno.None;
        }
    }

    internal Errno Disconnect(ConnectionChannel owner, uint number)
    {
        lock (_lock)
        {
            if (!TryFindLocked(owner, number, out ConnectionEndpoint endpoint))
                return Errno.EINVAL;
            if (endpoint.State == EndpointState.Over)
                return Errno.None;
            if (endpoint.State is not (EndpointState.Established or EndpointState.ReplySent or EndpointState.ReplyReceived))
                return Errno.EINVAL;
            SendLocked(endpoint.Write(ConnectionMessageKind.Disconnect, default));
            endpoint.OnPeerGone();
            return Errno.None;
        }
    }

    internal Errno Close(ConnectionChannel owner, uint number)
    {
        lock (_lock)
        {
            if (!TryFindLocked(owner, number, out ConnectionEndpoint endpoint))
                return Errno.EINVAL;
            CloseLocked(endpoint);
            return Errno.None;
        }
    }

    internal void CloseAll(ConnectionChannel owner)
    {
        lock (_lock)
            foreach (ConnectionEndpoint endpoint in new List<ConnectionEndpoint>(_endpoints.Values))
                if (endpoint.Owner == owner)
                    CloseLocked(endpoint);
    }

    internal void Close(EventPipe pipe)
    {
        lock (_lock)
            pipe.Dispose();
    }

    private void CloseLocked(ConnectionEndpoint endpoint)
    {
        if (!_endpoints.Remove(endpoint.Number))
            return;
        endpoint.LeaveBacklog();
        switch (endpoint.State)
        {
            case EndpointState.Established or EndpointState.ReplySent or EndpointState.ReplyReceived:
                SendLocked(endpoint.Write(ConnectionMessageKind.Disconnect, default));
                break;
            case EndpointState.RequestSent or EndpointState.RequestReceived:
                SendLocked(endpoint.Write(ConnectionMessageKind.Reject, default) with { Reason = RejectReason.ConsumerDefined });
                break;
        }
        endpoint.State = EndpointState.Over;
        _ports.Remove(endpoint);
    }

    private void SendLocked(in ConnectionMessage message)
    {
        if (message.ToHost == 0)
            DeliverLocked(message);
        else if (Links is not { } links || !links.TrySend(message))
            RefuseLocked(message, RejectReason.Timeout);
    }

    private void DeliverLocked(in ConnectionMessage message)
    {
        if (message.Kind == ConnectionMessageKind.Request)
        {
            if (_ports.Listener(message.Space, message.To, false) is not { } listener)
                RefuseLocked(message, RejectReason.InvalidService);
            else if (TryAdmitLocked(listener, message) is var refusal && refusal != 0)
                RefuseLocked(message, refusal);
            return;
        }
        // A closed endpoint leaves its peer's number behind: only messages of the peer itself count.
        if (_endpoints.TryGetValue(message.ToEndpoint, out ConnectionEndpoint? target) && target.Accepts(message))
            target.On(message);
    }

    /// <summary>Makes the endpoint of a request. Returns 0, or why it is refused.</summary>
    private ushort TryAdmitLocked(ConnectionEndpoint listener, in ConnectionMessage message)
    {
        if (listener.Waiting >= listener.Backlog || _endpoints.Count >= MostEndpoints)
            return RejectReason.NoResources;
        ConnectionEndpoint made = new(listener.Owner, listener.Space)
        {
            Local = message.To,
            Peer = new PeerName(message.FromHost, message.FromEndpoint),
            State = EndpointState.RequestReceived,
        };
        AddLocked(made);
        if (!listener.Owner.Tell(made.Describe(ConnectionEventKind.Request, message) with { Endpoint = listener.Number, NewEndpoint = made.Number }))
        {
            _endpoints.Remove(made.Number);
            return RejectReason.NoResources;
        }
        made.JoinBacklog(listener);
        return 0;
    }

    /// <summary>Answers a message in the place of a target that is not there.</summary>
    private void RefuseLocked(in ConnectionMessage message, ushort reason)
    {
        if (message.Kind is ConnectionMessageKind.Reject or ConnectionMessageKind.Disconnect)
            return;
        ConnectionMessage answer = new()
        {
            Kind = ConnectionMessageKind.Reject,
            Space = message.Space,
            ToHost = message.FromHost,
            ToEndpoint = message.FromEndpoint,
            FromHost = message.ToHost,
            FromEndpoint = message.ToEndpoint,
            Reason = reason,
        };
        SendLocked(answer);
    }

    private uint AddLocked(ConnectionEndpoint endpoint)
    {
        do
            _lastNumber++;
        while (_lastNumber == 0 || _endpoints.ContainsKey(_lastNumber));
        endpoint.Number = _lastNumber;
        _endpoints.Add(_lastNumber, endpoint);
        return _lastNumber;
    }

    private bool TryFindLocked(ConnectionChannel owner, uint number, out ConnectionEndpoint endpoint) =>
        _endpoints.TryGetValue(number, out endpoint!) && endpoint.Owner == owner;
}
