using Weft.Fabric.Links;
using Weft.Fabric.Security;
using Weft.Native;

namespace Weft.Fabric;

/// <summary>The link to one other host: the session, and the connection that carries it now. Driven by one thread.</summary>
internal sealed class PeerLink : IDisposable
{
    /// <summary>How long after the last byte a socket is looked at in every turn: a round trip's worth.</summary>
    private const long HotNs = 60_000;
    private const long FirstPauseNs = 20_000_000, LongestPauseNs = 500_000_000;

    /// <summary>What one turn may take from a peer, so that it keeps no other waiting.</summary>
    private const int TurnBytes = 512 << 10;

    private readonly EventPoll _poll;
    private LinkConnection? _connection;
    private uint _serial;
    private bool _isBlocked, _isReadable, _isDialling, _wasReady;
    private long _activeNs, _dialNs, _pauseNs = FirstPauseNs;

    internal PeerLink(FabricPeer peer, LinkCore core, EventPoll poll) => (Peer, Core, _poll) = (peer, core, poll);

    internal FabricPeer Peer { get; set; }

    internal LinkCore Core { get; }

    /// <summary>Whether the cluster still knows the peer; one that it does not know any more is let go with its connection.</summary>
    internal bool IsMember { get; set; } = true;

    internal bool IsConnected => _connection is not null;

    /// <summary>The number that epoll reports for the present connection.</summary>
    private ulong PollNumber => Peer.Number | (ulong)_serial << 32;

    /// <summary>Takes a new connection in place of the old one.</summary>
    internal void Attach(LinkConnection connection, long nowNs)
    {
        Detach();
        _connection = connection;
        _serial++;
        _poll.Watch(connection.Descriptor, EventPoll.In, PollNumber);
        Core.Open(nowNs);
        _activeNs = nowNs;
    }

    /// <summary>What epoll says of the connection with this number; an older one's is ignored.</summary>
    internal void Note(ulong pollNumber, uint events)
    {
        if (_connection is null || pollNumber != PollNumber)
            return;
        // Errors and the end are found by reading.
        _isReadable |= (events & ~EventPoll.Out) != 0;
        if ((events & EventPoll.Out) != 0 && _isBlocked)
            SetBlocked(false);
    }

    /// <summary>Moves bytes both ways. True when some moved.</summary>
    internal bool Turn(long nowNs)
    {
        if (_connection is null)
            return false;
        // First what the driver has committed since the last turn, last what the sink answers to what came.
        bool hasMoved = Flush(nowNs);
        if (_connection is not null && (_isReadable || nowNs - _activeNs < HotNs) && Receive(nowNs))
        {
            hasMoved = true;
            Flush(nowNs);
        }
        if (hasMoved)
            _activeNs = nowNs;
        return hasMoved;
    }

    /// <summary>Whether turns read it and write to it unasked; otherwise epoll says when.</summary>
    internal bool IsReadAlways(long nowNs) => _connection is not null && !_isBlocked && nowNs - _activeNs < HotNs;

    /// <summary>Lets time pass. Returns a line for the log, or null.</summary>
    internal string? Tick(long nowNs)
    {
        LinkFault fault = Core.Tick(nowNs);
        if (fault != LinkFault.None)
            Detach();
        if (_wasReady == Core.IsReady)
            return null;
        _wasReady = Core.IsReady;
        return _wasReady ? $"Link to {Peer.Name} is up." : $"Link to {Peer.Name} is down.";
    }

    /// <summary>Whether it is time to dial; the caller then does, and tells the result.</summary>
    internal bool ShouldDial(long nowNs)
    {
        if (_connection is not null || _isDialling || !IsMember || nowNs < _dialNs)
            return false;
        return _isDialling = true;
    }

    /// <summary>Dialling ended; a pause follows that grows while it fails.</summary>
    internal void Dialled(bool isSuccess, long nowNs)
    {
        _isDialling = false;
        _dialNs = nowNs + _pauseNs;
        _pauseNs = isSuccess ? FirstPauseNs : Math.Min(2 * _pauseNs, LongestPauseNs);
    }

    public void Dispose()
    {
        Detach();
        Core.Dispose();
    }

    private bool Receive(long nowNs)
    {
        int taken = 0;
        while (taken < TurnBytes)
        {
            Span<byte> space = Core.ReceiveSpace;
            long length = StreamSocket.Receive(_connection!.Descriptor, space);
            if (length <= 0)
            {
                _isReadable = false;
                if (length != -(long)Errno.EAGAIN && length != -(long)Errno.EINTR)
                    Detach();
                break;
            }
            taken += (int)length;
            if (Core.Received((int)length, nowNs) != LinkFault.None)
            {
                Detach();
                break;
            }
            // A short read has taken all there was.
            if (length < space.Length)
            {
                _isReadable = false;
                break;
            }
        }
        return taken != 0;
    }

    private bool Flush(long nowNs)
    {
        if (_isBlocked || _connection is null)
            return false;
        ReadOnlySpan<byte> output = Core.Output();
        if (output.IsEmpty)
            return false;
        long length = StreamSocket.Send(_connection.Descriptor, output);
        if (length < 0)
        {
            if (length == -(long)Errno.EAGAIN)
                SetBlocked(true);
            else if (length != -(long)Errno.EINTR)
                Detach();
            return false;
        }
        Core.Sent((int)length, nowNs);
        return true;
    }

    private void SetBlocked(bool isBlocked)
    {
        _isBlocked = isBlocked;
        _poll.Change(_connection!.Descriptor, isBlocked ? EventPoll.In | EventPoll.Out : EventPoll.In, PollNumber);
    }

    private void Detach()
    {
        Core.Close();
        if (_connection is null)
            return;
        _poll.Forget(_connection.Descriptor);
        _connection.Dispose();
        _connection = null;
        _isBlocked = _isReadable = false;
    }
}
