using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Weft.Adapter.Connections;
using Weft.Adapter.Control;
using Weft.Fabric;
using Weft.Fabric.Links;

namespace Weft.Adapter.Remote;

/// <summary>Connection management's messages to and from other hosts.</summary>
/// <remarks>Messages are queued on any thread, bounded; the engine's thread, under the adapter's gate, moves them.</remarks>
internal sealed class RemoteConnections(VirtualAdapter adapter, IHostLinks node, ulong guidPrefix) : IConnectionLinks
{
    private const int MostWaiting = 4096;
    private static readonly int s_messageBytes = Unsafe.SizeOf<ConnectionMessage>();
    private readonly ConcurrentQueue<ConnectionMessage> _waiting = new();

    /// <inheritdoc/>
    public bool TryFind(ConnectionSpace space, in ServiceAddress address, out uint host, out ushort lid, out GlobalAddress gid)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, address.Address.Prefix);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[sizeof(ulong)..], address.Address.Interface);
        IPAddress wanted = new(bytes);
        host = node.FindHost(wanted.IsIPv4MappedToIPv6 ? wanted.MapToIPv4() : wanted);
        lid = (ushort)(host * FabricNode.LidsPerHost);
        gid = new GlobalAddress(GlobalAddresses.LinkLocal, VirtualAdapter.PortGuidOf(guidPrefix, lid));
        return host != 0;
    }

    /// <inheritdoc/>
    public bool TrySend(in ConnectionMessage message)
    {
        if (_waiting.Count >= MostWaiting)
            return false;
        _waiting.Enqueue(message);
        adapter.Engine.WakeAlways();
        return true;
    }

    /// <summary>Sends what waits. True when something moved.</summary>
    internal bool Turn()
    {
        bool hasMoved = false;
        while (_waiting.TryPeek(out ConnectionMessage message))
        {
            if (node.FindLink((ushort)(message.ToHost * FabricNode.LidsPerHost)) is not { } link)
                adapter.Connections.Refuse(message);
            else if (!TrySend(link, message))
                break;
            _waiting.TryDequeue(out _);
            hasMoved = true;
        }
        return hasMoved;
    }

    /// <summary>Takes one of another host.</summary>
    internal void Take(LinkCore link, ReadOnlySpan<byte> data)
    {
        if (data.Length != s_messageBytes || node.NumberOf(link) is not (> 0 and var host))
            return;
        ConnectionMessage message = MemoryMarshal.Read<ConnectionMessage>(data);
        if (message.Parameters.PrivateBytes > PrivateData.MostBytes)
            return;
        (message.FromHost, message.ToHost) = (host, 0);
        adapter.Connections.Receive(message);
    }

    /// <summary>The session with a host is over.</summary>
    internal void Broken(LinkCore link) => adapter.Connections.Lose(node.NumberOf(link));

    private static bool TrySend(LinkCore link, in ConnectionMessage message)
    {
        if (link.TryReserve(1, RemoteHeader.SizeBytes + s_messageBytes, out Span<byte> place) != SendResult.Reserved)
            return false;
        new RemoteHeader { Kind = RemoteKind.Connection }.Write(place);
        MemoryMarshal.Write(place[RemoteHeader.SizeBytes..], message);
        link.Commit();
        return true;
    }
}
