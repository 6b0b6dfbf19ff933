using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>
/// What rdma_cm is to a VM: the program's ids, which belong to open device files, on endpoints of the adapter. Calls to the
/// adapter are made under the lock, so that an id's events come after the call that caused them.
/// </summary>
/// <remarks>Thread-safe. One a VM.</remarks>
internal sealed class ConnectionService
{
    /// <summary>RDMA_UDP_QKEY: the key of datagram queue pairs that are given none. Source: rdma/rdma_cm.h of Linux.</summary>
    internal const uint DatagramKey = 0x0123_4567;

    private const int MostIds = 1 << 16;
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ConnectionId> _ids = [];
    private readonly Dictionary<uint, ConnectionId> _byEndpoint = [];
    private uint _lastNumber;

    private ConnectionService(IConnectionChannel channel, DeviceAttributes device)
    {
        Channel = channel;
        Device = device;
    }

    /// <summary>The adapter's side.</summary>
    internal IConnectionChannel Channel { get; }

    /// <summary>The device.</summary>
    internal DeviceAttributes Device { get; }

    /// <summary>Protects ids and queues.</summary>
    internal Lock Lock => _lock;

    /// <summary>Opens a VM's channel.</summary>
    internal static Errno Open(IAdapterVm adapter, out ConnectionService? service)
    {
        service = null;
        Errno error = adapter.OpenConnections(out IConnectionChannel? channel);
        if (error != Errno.None)
            return error;
        int pipe = channel!.TakeEventDescriptor();
        if (pipe < 0)
        {
            channel.Dispose();
            return Errno.EMFILE;
        }
        ConnectionService opened = new(channel, adapter.Device);
        ConnectionEventReader.Start(pipe, opened.OnEvent, opened.OnGone);
        service = opened;
        return Errno.None;
    }

    /// <summary>An id of a file, under the lock. ENOENT for none, EINVAL for another file's.</summary>
    internal Errno FindLocked(ConnectionsFile file, uint number, out ConnectionId found)
    {
        if (!_ids.TryGetValue(number, out found!))
            return Errno.ENOENT;
        return found.File == file ? Errno.None : Errno.EINVAL;
    }

    /// <summary>A new id, under the lock. Null when there are too many.</summary>
    internal ConnectionId? AddLocked(ConnectionsFile file, ConnectionSpace space, ulong userId, uint endpoint = 0, ConnectionId? listener = null, ConnectionId? parent = null)
    {
        if (_ids.Count >= MostIds)
            return null;
        do
            _lastNumber++;
        while (_lastNumber == 0 || _ids.ContainsKey(_lastNumber));
        const int psnEnd = 1 << 24;
        ConnectionId made = new()
        {
            Number = _lastNumber,
            File = file,
            Space = space,
            UserId = userId,
            Listener = listener,
            Parent = parent,
            Own = new ConnectionParameters { StartingPsn = (uint)Random.Shared.Next(psnEnd) },
        };
        _ids.Add(made.Number, made);
        NameEndpointLocked(made, endpoint);
        return made;
    }

    /// <summary>Gives an id its endpoint, under the lock.</summary>
    internal void NameEndpointLocked(ConnectionId id, uint endpoint)
    {
        id.Endpoint = endpoint;
        if (endpoint != 0)
            _byEndpoint[endpoint] = id;
    }

    /// <summary>Ends an id, under the lock: its events go, and requests that nobody has seen are refused.</summary>
    internal void RemoveLocked(ConnectionId id)
    {
        if (!_ids.Remove(id.Number))
            return;
        foreach (ConnectionId join in JoinsOfLocked(id))
            RemoveLocked(join);
        foreach (ConnectionNotice unseen in id.File.TakeAll(id))
            if (unseen.Target == id && unseen.Kind == ConnectionNoticeKind.Request)
                RemoveLocked(unseen.Subject);
        if (id.Endpoint == 0)
            return;
        _byEndpoint.Remove(id.Endpoint);
        Channel.Close(id.Endpoint);
    }

    /// <summary>An id's memberships in groups, under the lock.</summary>
    internal List<ConnectionId> JoinsOfLocked(ConnectionId id)
    {
        List<ConnectionId> joins = [];
        if (id.IsDatagram && id.Parent is null)
            foreach (ConnectionId other in _ids.Values)
                if (other.Parent == id)
                    joins.Add(other);
        return joins;
    }

    /// <summary>Ends all ids of a file.</summary>
    internal void CloseFile(ConnectionsFile file)
    {
        lock (_lock)
            foreach (ConnectionId id in new List<ConnectionId>(_ids.Values))
                if (id.File == file)
                    RemoveLocked(id);
    }

    /// <summary>Queues an event of an id about itself, under the lock.</summary>
    internal static void TellLocked(ConnectionId id, ConnectionNoticeKind kind, int status = 0) =>
        id.File.Add(new ConnectionNotice(id, id, kind, status, default, 0));

    private void OnEvent(ConnectionEvent happened)
    {
        lock (_lock)
        {
            if (!_byEndpoint.TryGetValue(happened.Endpoint, out ConnectionId? id))
            {
                if (happened.Kind == ConnectionEventKind.Request)
                    Channel.Close(happened.NewEndpoint);
                return;
            }
            if (happened.Kind == ConnectionEventKind.Request)
                OnRequestLocked(id, happened);
            else
                OnProgressLocked(id, happened);
        }
    }

    private void OnRequestLocked(ConnectionId listener, in ConnectionEvent happened)
    {
        ConnectionId? made = listener.IsListening ? AddLocked(listener.File, listener.Space, 0, happened.NewEndpoint, listener) : null;
        if (made is null)
        {
            Channel.Close(happened.NewEndpoint);
            return;
        }
        made.Local = happened.Local;
        made.Remote = happened.Remote;
        made.HasDevice = true;
        made.HasRoute = true;
        MeetLocked(made, happened);
        made.Own = made.Own with { RetryCount = happened.Parameters.RetryCount, RnrRetryCount = happened.Parameters.RnrRetryCount };
        byte bytes = listener.IsDatagram ? ConnectionFormat.DatagramRequestBytes : ConnectionFormat.RequestBytes;
        listener.File.Add(new ConnectionNotice(listener, made, ConnectionNoticeKind.Request, 0, happened.Parameters, bytes));
    }

    private static void OnProgressLocked(ConnectionId id, in ConnectionEvent happened)
    {
        ConnectionParameters told = happened.Parameters;
        switch (happened.Kind)
        {
            case ConnectionEventKind.Reply:
                MeetLocked(id, happened);
                id.Own = id.Own with { RnrRetryCount = told.RnrRetryCount };
                QueueLocked(id, ConnectionNoticeKind.Response, 0, told, ConnectionFormat.ReplyBytes);
                break;
            case ConnectionEventKind.Established:
                if (id.IsDatagram)
                    MeetLocked(id, happened);
                QueueLocked(id, ConnectionNoticeKind.Established, 0, told, id.IsDatagram ? ConnectionFormat.DatagramReplyBytes : (byte)0);
                break;
            case ConnectionEventKind.Rejected when id.IsDatagram:
                QueueLocked(id, ConnectionNoticeKind.Unreachable, happened.Status, told, ConnectionFormat.DatagramReplyBytes);
                break;
            case ConnectionEventKind.Rejected:
                QueueLocked(id, ConnectionNoticeKind.Rejected, happened.Status, told, ConnectionFormat.RejectBytes);
                break;
            case ConnectionEventKind.Disconnected:
                QueueLocked(id, ConnectionNoticeKind.Disconnected, 0, told, 0);
                QueueLocked(id, ConnectionNoticeKind.TimeWaitExit, 0, told, 0);
                break;
        }
    }

    /// <summary>The other end is known: what it will have outstanding is what this end needs resources for.</summary>
    private static void MeetLocked(ConnectionId id, in ConnectionEvent happened)
    {
        id.Peer = happened.Parameters;
        id.HasPeer = true;
        id.RemoteLid = happened.RemoteLid;
        id.RemoteGid = happened.RemoteGid;
        id.Own = id.Own with { ResponderResources = happened.Parameters.InitiatorDepth, InitiatorDepth = happened.Parameters.ResponderResources };
    }

    /// <summary>Events of a new connection whose program has not named it yet go nowhere, as Linux does it: accepting fails then.</summary>
    private static void QueueLocked(ConnectionId id, ConnectionNoticeKind kind, int status, in ConnectionParameters told, byte privateBytes)
    {
        if (id.UserId != 0)
            id.File.Add(new ConnectionNotice(id, id, kind, status, told, privateBytes));
    }

    /// <summary>The daemon is gone, and the device with it.</summary>
    private void OnGone()
    {
        lock (_lock)
            foreach (ConnectionId id in _ids.Values)
                if (id.HasDevice && id.UserId != 0)
                    TellLocked(id, ConnectionNoticeKind.DeviceRemoval);
    }
}
