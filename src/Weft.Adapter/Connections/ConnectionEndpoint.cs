using Weft.Adapter.Control;

namespace Weft.Adapter.Connections;

/// <summary>One end of a connection, or a listener. All under the manager's lock.</summary>
internal sealed class ConnectionEndpoint(ConnectionChannel owner, ConnectionSpace space)
{
    private ConnectionEndpoint? _waitsFor;

    internal ConnectionChannel Owner => owner;

    internal ConnectionSpace Space => space;

    internal uint Number { get; set; }

    internal EndpointState State { get; set; }

    internal ServiceAddress Local { get; set; }

    internal bool MayShare { get; init; }

    internal PeerName Peer { get; set; }

    /// <summary>Of a listener: the most requests that may wait for its program, and those that do.</summary>
    internal uint Backlog { get; set; }

    internal uint Waiting { get; private set; }

    /// <summary>A request waits for the listener's program.</summary>
    internal void JoinBacklog(ConnectionEndpoint listener)
    {
        listener.Waiting++;
        _waitsFor = listener;
    }

    /// <summary>And waits no more.</summary>
    internal void LeaveBacklog()
    {
        if (_waitsFor is null)
            return;
        _waitsFor.Waiting--;
        _waitsFor = null;
    }

    /// <summary>A message to the peer.</summary>
    internal ConnectionMessage Write(ConnectionMessageKind kind, in ConnectionParameters parameters) => new()
    {
        Kind = kind,
        Space = space,
        FromEndpoint = Number,
        ToHost = Peer.Host,
        ToEndpoint = Peer.Endpoint,
        From = Local,
        Gid = owner.Gid,
        Lid = owner.Lid,
        Parameters = parameters,
    };

    /// <summary>An event about a message.</summary>
    internal ConnectionEvent Describe(ConnectionEventKind kind, in ConnectionMessage message) => new()
    {
        Kind = kind,
        Endpoint = Number,
        Local = Local,
        Remote = message.From,
        RemoteGid = message.Gid,
        RemoteLid = message.Lid,
        Parameters = message.Parameters,
    };

    /// <summary>Whether a message is the peer's: a caller learns its peer from the answer.</summary>
    internal bool Accepts(in ConnectionMessage message) =>
        Peer.Host == message.FromHost && (State == EndpointState.RequestSent || Peer.Endpoint == message.FromEndpoint);

    /// <summary>A message of the peer, other than a request.</summary>
    internal void On(in ConnectionMessage message)
    {
        switch (message.Kind)
        {
            case ConnectionMessageKind.Reply when State == EndpointState.RequestSent:
                Peer = new PeerName(message.FromHost, message.FromEndpoint);
                bool isDatagram = space == ConnectionSpace.Datagram;
                State = isDatagram ? EndpointState.Answered : EndpointState.ReplyReceived;
                owner.Tell(Describe(isDatagram ? ConnectionEventKind.Established : ConnectionEventKind.Reply, message));
                break;
            case ConnectionMessageKind.Ready when State == EndpointState.ReplySent:
                State = EndpointState.Established;
                owner.Tell(Describe(ConnectionEventKind.Established, message));
                break;
            case ConnectionMessageKind.Reject when State is EndpointState.RequestSent or EndpointState.RequestReceived or EndpointState.ReplySent or EndpointState.ReplyReceived:
                LeaveBacklog();
                State = EndpointState.Over;
                owner.Tell(Describe(ConnectionEventKind.Rejected, message) with { Status = message.Reason });
                break;
            case ConnectionMessageKind.Disconnect:
                OnPeerGone();
                break;
        }
    }

    /// <summary>The connection is over, whoever ended it.</summary>
    internal void OnPeerGone()
    {
        if (State == EndpointState.RequestSent)
        {
            State = EndpointState.Over;
            owner.Tell(new ConnectionEvent { Kind = ConnectionEventKind.Rejected, Endpoint = Number, Status = RejectReason.Timeout });
        }
        if (State is not (EndpointState.ReplySent or EndpointState.ReplyReceived or EndpointState.Established))
            return;
        State = EndpointState.Over;
        owner.Tell(new ConnectionEvent { Kind = ConnectionEventKind.Disconnected, Endpoint = Number });
    }
}
