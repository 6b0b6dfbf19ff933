using System.Diagnostics;
using Weft.Adapter.Control;
using Weft.Fabric;
using Weft.Fabric.Links;

namespace Weft.Adapter.Remote;

/// <summary>The adapter's side of the links to other hosts: hands requests and answers to whom they concern.</summary>
/// <remarks>Used on the engine's thread, under the adapter's gate.</remarks>
internal sealed class RemoteHosts : ILinkSink, IDisposable
{
    private const int GlobalHeaderBytes = 40;
    private readonly VirtualAdapter _adapter;
    private readonly RemoteRequester _requester;
    private readonly RemoteResponder _responder;
    private readonly RemoteConnections _connections;
    private readonly byte[] _global = new byte[GlobalHeaderBytes];
    private long _now;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="ArgumentException">Where it may not or can't; one line for the user.</exception>
    internal RemoteHosts(VirtualAdapter adapter, FabricOptions options, ulong guidPrefix)
        : this(adapter, sink => new FabricNode(options, sink), new RemoteResponder(adapter), guidPrefix)
    {
    }

    /// <summary>With links and a responder of the caller's choice.</summary>
    internal RemoteHosts(VirtualAdapter adapter, Func<ILinkSink, IHostLinks> connect, RemoteResponder responder, ulong guidPrefix)
    {
        _adapter = adapter;
        Node = connect(this);
        _requester = new RemoteRequester(adapter, Node);
        _responder = responder;
        adapter.Connections.Links = _connections = new RemoteConnections(adapter, Node, guidPrefix);
    }

    internal IHostLinks Node { get; }

    /// <summary>What a connected queue pair has under way to another host; null when its peer is on this one.</summary>
    internal RemoteRequests? RequestsOf(QueuePair pair)
    {
        if (pair.Remote is not null)
            return pair.Remote;
        ushort lid = VirtualAdapter.LidOf(pair.Attributes.Path);
        return lid == 0 || _adapter.IsOwn(lid) ? null : pair.Remote = new RemoteRequests(lid, (uint)_adapter.Numbers.Next());
    }

    /// <summary>Gives a queue pair a turn. Returns how many requests moved on.</summary>
    internal int Serve(QueuePair pair, RemoteRequests requests, long now) => _requester.Serve(pair, requests, now);

    /// <summary>Moves what is under way. True when something moved.</summary>
    internal bool Turn(long now)
    {
        _now = now;
        bool hasMoved = _responder.Turn() | _connections.Turn();
        return Node.Poll(ToNs(now)) || hasMoved;
    }

    /// <summary>When a turn is due at the latest, in ticks of <see cref="Stopwatch"/>.</summary>
    internal long Deadline => Node.NextDeadlineNs == long.MaxValue ? long.MaxValue : (long)(Node.NextDeadlineNs * (Stopwatch.Frequency / 1e9));

    /// <summary>Sends a datagram to a LID of another host. False when it must be tried again.</summary>
    internal bool TrySendDatagram(QueuePair pair, SendRequest request, ushort lid, uint queueKey)
    {
        // A datagram to nowhere is lost.
        if (Node.FindLink(lid) is not { } link)
            return true;
        RemoteHeader header = DatagramOf(pair, request, queueKey);
        (header.Kind, header.ToLid, header.ToPair) = (RemoteKind.Datagram, lid, request.DestinationQueuePair);
        GlobalHeader.Write(_global, pair.Vm.Device, request);
        return _requester.TrySendDatagram(link, pair, request, header, _global);
    }

    /// <summary>Sends a datagram to a group's members on all other hosts; a host whose link has no room loses it.</summary>
    internal void SendToGroup(QueuePair pair, SendRequest request, uint queueKey)
    {
        RemoteHeader header = DatagramOf(pair, request, queueKey);
        GlobalAddress group = request.Destination.Destination;
        (header.Kind, header.RemoteAddress, header.Compare) = (RemoteKind.GroupDatagram, group.Prefix, group.Interface);
        GlobalHeader.Write(_global, pair.Vm.Device, request);
        foreach (LinkCore link in Node.Links)
            _requester.TrySendDatagram(link, pair, request, header, _global);
    }

    /// <inheritdoc/>
    public bool Deliver(LinkCore link, uint stream, ReadOnlySpan<byte> message)
    {
        if (message.Length < RemoteHeader.SizeBytes)
            return true;
        RemoteHeader header = RemoteHeader.Read(message);
        ReadOnlySpan<byte> data = message[RemoteHeader.SizeBytes..];
        switch (header.Kind)
        {
            case RemoteKind.Request:
                _responder.Take(link, header, data);
                break;
            case RemoteKind.Datagram:
                _responder.TakeDatagram(header, data);
                break;
            case RemoteKind.GroupDatagram:
                _responder.TakeGroupDatagram(header, data);
                break;
            case RemoteKind.Connection:
                _connections.Take(link, data);
                break;
            default:
                TakeAnswer(link, header, data);
                break;
        }
        return true;
    }

    /// <inheritdoc/>
    public void Broken(LinkCore link)
    {
        _responder.Broken(link);
        _connections.Broken(link);
        foreach (QueuePair pair in _adapter.Pairs)
        {
            if (pair.Answers?.Link == link)
                pair.Answers.ForgetDebts();
            if (pair.Remote is { } requests && requests.Link == link)
                _requester.Broken(pair, requests);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Node.Dispose();

    private void TakeAnswer(LinkCore link, in RemoteHeader header, ReadOnlySpan<byte> data)
    {
        if (_adapter.FindPair(header.ToPair) is not { Remote: { } requests } pair || requests.Link != link || requests.Lid != header.FromLid
            || pair.State is not (QueuePairState.ReadyToSend or QueuePairState.SendQueueDrained))
            return;
        switch (header.Kind)
        {
            case RemoteKind.Acknowledge:
                _requester.Acknowledged(pair, requests, header.Number);
                break;
            case RemoteKind.Refuse:
                _requester.Refused(pair, requests, header, _now);
                break;
            case RemoteKind.ReadData or RemoteKind.AtomicResult:
                _requester.Answered(pair, requests, header, data);
                break;
        }
        _adapter.Engine.Promote(pair);
    }

    private static RemoteHeader DatagramOf(QueuePair pair, SendRequest request, uint queueKey) => new()
    {
        Flags = (request.IsSolicited ? RemoteFlags.Solicited : 0) | (request.Destination.IsGlobal != 0 ? RemoteFlags.Global : 0),
        Operation = (byte)request.Kind,
        Detail = request.Destination.ServiceLevel,
        FromLid = pair.Vm.Device.Lid,
        FromPair = pair.Number,
        Immediate = request.Immediate,
        QueueOrKey = queueKey,
        TotalBytes = (uint)request.TotalBytes,
    };

    private static long ToNs(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));
}
