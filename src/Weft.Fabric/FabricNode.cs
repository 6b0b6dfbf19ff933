using System.Net;
using System.Security.Cryptography;
using Weft.Fabric.Links;
using Weft.Fabric.Security;

namespace Weft.Fabric;

/// <summary>
/// A daemon's end of all links of its cluster. One thread, the engine's, drives it by <see cref="Poll"/>, which never waits;
/// the sink is called on that thread. Connections are made and proved on threads of their own.
/// </summary>
/// <remarks>Of two hosts the one with the lower number dials. Every member is linked with every other.
/// Thread rules: <see cref="SetPeers"/>, <see cref="Snapshot"/>, <see cref="Address"/> from any thread; all else from the driver's.</remarks>
public sealed class FabricNode : IHostLinks
{
    /// <summary>Host n has so many LIDs, from n times that on.</summary>
    public const int LidsPerHost = 256;

    /// <summary>The highest number of a host: unicast LIDs end at 0xbfff.</summary>
    public const int MostHosts = 0xC000 / LidsPerHost - 1;

    private const long LookEveryNs = 3_000, LookSeldomNs = 50_000, TickEveryNs = 50_000_000;
    private readonly FabricOptions _options;
    private readonly ILinkSink _sink;
    private readonly UInt128 _instance;
    private readonly EventPoll _poll = new();
    private readonly WakeEvent _wake = new();
    private readonly ConnectionBroker _broker;
    private readonly PeerLink?[] _linkOfHost = new PeerLink?[MostHosts + 1];

    /// <summary>Replaced, never changed, so that another thread may read it.</summary>
    private volatile PeerLink[] _links = [];
    private LinkCore[] _cores = [];
    private IReadOnlyList<FabricPeer>? _wanted;
    private volatile IReadOnlyList<FabricPeer> _members = [];
    private bool _disposed, _readsAll;
    private long _lookedNs = long.MinValue / 2, _tickedNs = long.MinValue / 2;

    /// <summary>Listens from now on; links begin with <see cref="SetPeers"/>.</summary>
    /// <exception cref="ArgumentException">The address may not or can't be listened at; the message is one line for the user.</exception>
    public FabricNode(FabricOptions options, ILinkSink sink)
    {
        (_options, _sink) = (options, sink);
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        _instance = BitConverter.ToUInt128(random) | UInt128.One;
        _broker = new ConnectionBroker(options, _wake);
        _poll.Watch(_wake.Descriptor, EventPoll.In, 0);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => _broker.Address;

    /// <summary>Readable when <see cref="Poll"/> has something to do: for the set of descriptors that a sleeping driver waits for.</summary>
    public int WaitDescriptor => _poll.Descriptor;

    /// <summary>When <see cref="Poll"/> must be called even if nothing happens.</summary>
    public long NextDeadlineNs => _links.Length == 0 ? long.MaxValue : _tickedNs + TickEveryNs;

    /// <summary>The other hosts of the cluster, from now on; this host's own entry is left out. Any thread.</summary>
    public void SetPeers(IReadOnlyList<FabricPeer> peers)
    {
        _members = peers;
        Volatile.Write(ref _wanted, peers);
        _wake.Set();
    }

    /// <summary>The link to the host that has a LID; null when no other host has it.</summary>
    public LinkCore? FindLink(ushort lid)
    {
        int host = lid / LidsPerHost;
        return host <= MostHosts ? _linkOfHost[host]?.Core : null;
    }

    /// <summary>
    /// Which other host has an address: the one that listens there, or else the only one that names it; 0 for none. Any thread.
    /// </summary>
    public ushort FindHost(IPAddress address)
    {
        ushort found = 0;
        bool isShared = false;
        foreach (FabricPeer peer in _members)
        {
            if (peer.Number == _options.Number)
                continue;
            if (peer.Address.Address.Equals(address))
                return peer.Number;
            // Bridges of containers have the same address everywhere.
            if (peer.Addresses.Contains(address))
                (found, isShared) = (peer.Number, found != 0);
        }
        return isShared ? (ushort)0 : found;
    }

    /// <summary>Which host a link leads to; 0 for one that is not this node's any more. The driver's thread.</summary>
    public ushort NumberOf(LinkCore core)
    {
        foreach (PeerLink link in _links)
        {
            if (link.Core == core)
                return link.Peer.Number;
        }
        return 0;
    }

    /// <summary>Every link there is, ready or not. The driver's thread.</summary>
    public ReadOnlySpan<LinkCore> Links => _cores;

    /// <summary>Sends what was committed, delivers what came. True when something moved.</summary>
    /// <param name="nowNs">A monotonic clock.</param>
    public bool Poll(long nowNs)
    {
        // Where every link is read in each turn anyway, only news of peers and connections is left to look for.
        if (nowNs - _lookedNs >= (_readsAll ? LookSeldomNs : LookEveryNs))
        {
            _lookedNs = nowNs;
            Look(nowNs);
        }
        bool hasMoved = false, readsAll = true;
        foreach (PeerLink link in _links)
        {
            hasMoved |= link.Turn(nowNs);
            readsAll &= link.IsReadAlways(nowNs);
        }
        _readsAll = readsAll;
        if (nowNs - _tickedNs >= TickEveryNs)
        {
            _tickedNs = nowNs;
            Tick(nowNs);
        }
        return hasMoved;
    }

    /// <summary>What the links are doing. Any thread; counts may be of slightly different moments.</summary>
    public IReadOnlyList<LinkSnapshot> Snapshot() =>
        Array.ConvertAll(_links, link => new LinkSnapshot(link.Peer.Number, link.Peer.Name, link.Peer.Address.ToString(), link.Core.IsReady, link.Core.Counts));

    /// <summary>Ends all links; the sink is not called. The driver's thread, or after it has ended.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _broker.Dispose();
        foreach (PeerLink link in _links)
            link.Dispose();
        _links = [];
        _poll.Dispose();
        _wake.Dispose();
    }

    private void Look(long nowNs)
    {
        Span<EventPoll.Entry> ready = stackalloc EventPoll.Entry[32];
        int count = _poll.Ready(ready);
        foreach (ref EventPoll.Entry entry in ready[..count])
        {
            if (entry.Number == 0)
                TakeNews(nowNs);
            else
                Find((ushort)entry.Number)?.Note(entry.Number, entry.Events);
        }
    }

    private void TakeNews(long nowNs)
    {
        _wake.Clear();
        if (Interlocked.Exchange(ref _wanted, null) is { } wanted)
            TakePeers(wanted, nowNs);
        while (_broker.TryTake(out ushort peer, out LinkConnection? connection))
        {
            PeerLink? link = Find(peer);
            if (peer > _options.Number)
                link?.Dialled(connection is not null, nowNs);
            if (connection is null)
                continue;
            if (link is null)
                connection.Dispose();
            else
                link.Attach(connection, nowNs);
        }
        Tick(nowNs);
    }

    private void TakePeers(IReadOnlyList<FabricPeer> wanted, long nowNs)
    {
        List<PeerLink> links = [.. _links];
        foreach (PeerLink link in links)
            link.IsMember = false;
        foreach (FabricPeer peer in wanted)
        {
            if (peer.Number == _options.Number || peer.Number is 0 or > MostHosts)
                continue;
            PeerLink? link = links.Find(candidate => candidate.Peer.Number == peer.Number);
            if (link is null)
                links.Add(link = new PeerLink(peer, new LinkCore(_instance, _options.Limits, _sink, nowNs), _poll));
            (link.Peer, link.IsMember) = (peer, true);
        }
        SetLinks(links);
    }

    /// <summary>Publishes the links and finds their LIDs anew.</summary>
    private void SetLinks(List<PeerLink> links)
    {
        _links = [.. links];
        _cores = [.. links.Select(link => link.Core)];
        Array.Clear(_linkOfHost);
        foreach (PeerLink link in links)
            _linkOfHost[link.Peer.Number] = link;
    }

    private void Tick(long nowNs)
    {
        bool hasGone = false;
        foreach (PeerLink link in _links)
        {
            if (link.Tick(nowNs) is { } news)
                _options.Log?.Invoke(news);
            if (link.Peer.Number > _options.Number && link.ShouldDial(nowNs))
                _broker.Dial(link.Peer);
            // A host that left the cluster's list may only have lost its way to etcd: its link goes on while it lives.
            hasGone |= !link.IsMember && !link.IsConnected;
        }
        if (hasGone)
            DropGone();
    }

    private void DropGone()
    {
        List<PeerLink> staying = [];
        List<PeerLink> going = [];
        foreach (PeerLink link in _links)
            (link.IsMember || link.IsConnected ? staying : going).Add(link);
        // Broken first: until then the sink may ask whose link it is.
        foreach (PeerLink link in going)
            link.Core.Break();
        SetLinks(staying);
        foreach (PeerLink link in going)
            link.Dispose();
    }

    private PeerLink? Find(ushort number)
    {
        foreach (PeerLink link in _links)
        {
            if (link.Peer.Number == number)
                return link;
        }
        return null;
    }
}
