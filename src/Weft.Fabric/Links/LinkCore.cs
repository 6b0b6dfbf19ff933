namespace Weft.Fabric.Links;

/// <summary>
/// One end of a link between two daemons: a session of messages in many streams, in order and exactly once, over connections
/// that may be lost at any byte. Bytes and a clock go in, bytes and calls of the sink come out; no threads, no sockets.
/// </summary>
/// <remarks>
/// A session is an endless sequence of frames (<see cref="LinkFrame"/>) each way. What was committed stays in a ring until the
/// peer acknowledges it; after a loss each end says how far it has received the session, at a frame's boundary, and the other
/// goes on from there. A session is named by a number from each end that is never used again, and goes on only when both
/// ends name the same: a peer that was restarted, or gave the session up, begins another, and the sink hears of it.
/// Acknowledgements and credits are frames of the session too. Nothing is allocated per message.
/// Not thread-safe: one thread drives it. Clocks are monotonic nanoseconds.
/// </remarks>
public partial class LinkCore : IDisposable
{
    /// <summary>The part of the window that only acknowledgements may use, so that two full windows can't wait for each other.</summary>
    internal const int ReserveBytes = 4096;

    private readonly UInt128 _local;
    private readonly LinkLimits _limits;
    private readonly ILinkSink _sink;
    private readonly StreamTable _streams;

    /// <summary>What a connection begins with: the hello, and that the peer's was taken.</summary>
    private readonly byte[] _opening = new byte[LinkHello.SizeBytes + LinkHello.Entered.Length];


    private UInt128 _peer;
    private ulong _session, _peerSession, _fresh;
    private bool _isBound, _isOpen, _isEntered, _isReady, _disposed;
    private int _openingSent;
    private long _aliveNs, _heardNs, _sentNs;
    private LinkCounts _counts;

    /// <summary>An end with no session and no connection.</summary>
    /// <param name="local">This daemon's instance: random, new at each start, not 0.</param>
    /// <param name="limits">The bounds.</param>
    /// <param name="sink">Gets what comes.</param>
    /// <param name="nowNs">The clock.</param>
    public LinkCore(UInt128 local, LinkLimits limits, ILinkSink sink, long nowNs)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(local, UInt128.Zero);
        limits.Validate();
        (_local, _limits, _sink) = (local, limits, sink);
        _streams = new StreamTable(limits.Streams, limits.StreamWindowBytes);
        _window = new MirroredBuffer(limits.WindowBytes);
        _incoming = new MirroredBuffer(limits.ReceiveBytes);
        _aliveNs = _heardNs = _sentNs = nowNs;
    }

    /// <summary>What went over it.</summary>
    public LinkCounts Counts => _counts;

    /// <summary>Whether both ends agree on a session and messages move.</summary>
    public bool IsReady => _isReady;

    /// <summary>Whether a connection is in use, ready or not.</summary>
    public bool IsOpen => _isOpen;

    /// <summary>Begins to use a new connection; the old one's bytes, if any, are of no use any more.</summary>
    public void Open(long nowNs)
    {
        Close();
        _isOpen = true;
        _heardNs = _sentNs = nowNs;
        _counts.Connections++;
        _fresh++;
        _openingSent = 0;
        new LinkHello
        {
            Instance = _local,
            Fresh = _fresh,
            Session = _session,
            PeerInstance = _peer,
            PeerSession = _peerSession,
            Received = _received,
            StreamWindow = (uint)_limits.StreamWindowBytes,
            Streams = (uint)_limits.Streams,
            Message = (uint)_limits.MessageBytes,
        }.Write(_opening);
        LinkHello.Entered.CopyTo(_opening.AsSpan(LinkHello.SizeBytes));
    }

    /// <summary>The connection is gone. The session waits for another one.</summary>
    public void Close()
    {
        _isOpen = _isEntered = _isReady = false;
        _filled = _parsed = 0;
    }

    /// <summary>Lets time pass: signs of life, silence, and the end of a session without a connection.</summary>
    /// <returns>Why the connection must be closed now, or None. It counts as closed.</returns>
    public LinkFault Tick(long nowNs)
    {
        if (_isOpen && nowNs - _heardNs > _limits.SilenceNs)
        {
            Close();
            return LinkFault.Silent;
        }
        if (_isReady && nowNs - _sentNs > _limits.HeartbeatNs)
            _acknowledgeDue = true;
        if (_isReady || (!_isBound && _tail == 0))
        {
            _aliveNs = nowNs;
            return LinkFault.None;
        }
        if (nowNs - _aliveNs <= _limits.BreakNs)
            return LinkFault.None;
        _aliveNs = nowNs;
        bool wasOpen = _isOpen;
        Break();
        return wasOpen ? LinkFault.Silent : LinkFault.None;
    }

    /// <summary>Frees the rings. The sink is not called.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Close();
        _window.Dispose();
        _incoming.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends the session for good, as when the peer left the cluster; the connection counts as closed.</summary>
    public void Break()
    {
        Close();
        Forget();
        _counts.Breaks++;
        _sink.Broken(this);
    }

    private LinkFault TakeHello(in LinkHello hello)
    {
        if (hello.Instance == UInt128.Zero || hello.Instance == _local || hello.Fresh == 0
            || hello.StreamWindow != (uint)_limits.StreamWindowBytes || hello.Streams != (uint)_limits.Streams || hello.Message != (uint)_limits.MessageBytes)
        {
            Close();
            return LinkFault.Foreign;
        }
        return IsSameSession(hello, _peer) ? Resume(hello) : Begin(hello);
    }

    /// <summary>Whether both ends are in the session that they have with each other. The peer asks the same of the same numbers.</summary>
    private protected virtual bool IsSameSession(in LinkHello hello, UInt128 peer) =>
        _isBound && hello.Instance == peer && hello.Session == _peerSession
        && hello.PeerInstance == _local && hello.PeerSession == _session;

    /// <summary>Where to go on sending, when the peer has received so much and connections were given so much.</summary>
    private protected virtual ulong ResumeAt(ulong received, ulong sentMost) => received;

    private LinkFault Resume(in LinkHello hello)
    {
        // Unsigned: also refuses what lies before the acknowledged.
        if (hello.Received - _acknowledged > _sentMost - _acknowledged)
            return Violated();
        _acknowledged = hello.Received;
        _next = ResumeAt(hello.Received, _sentMost);
        _isEntered = true;
        _counts.Resumptions++;
        return LinkFault.None;
    }

    private LinkFault Begin(in LinkHello hello)
    {
        // A session that the peer never entered has sent nothing: what was committed opens the new one.
        if (_sentMost != 0 || _received != 0)
        {
            Forget();
            _counts.Breaks++;
            _sink.Broken(this);
        }
        (_isBound, _isEntered) = (true, true);
        (_session, _peer, _peerSession) = (_fresh, hello.Instance, hello.Fresh);
        return LinkFault.None;
    }

    private LinkFault Violated()
    {
        Break();
        return LinkFault.Protocol;
    }

    private void Forget()
    {
        _isBound = false;
        (_session, _peer, _peerSession) = (0, UInt128.Zero, 0);
        _tail = _next = _acknowledged = _sentMost = _reserved = 0;
        _received = _acknowledgedToPeer = 0;
        _acknowledgeDue = false;
        _pendingAcknowledgement = NoPosition;
        _streams.Clear();
    }
}
