using System.Buffers.Binary;

namespace Weft.Fabric.Links;

// Positions count the session's bytes. acknowledged <= next <= tail and next <= sentMost <= tail hold;
// tail - acknowledged is at most the window. The ring's bytes from acknowledged to tail are frames, the first whole.
public partial class LinkCore
{
    private const ulong NoPosition = ulong.MaxValue;
    private readonly MirroredBuffer _window;
    private ulong _tail, _next, _acknowledged, _sentMost;

    /// <summary>Bytes of the message between reservation and commit, its header included; 0 outside.</summary>
    private uint _reserved;
    private uint _reservedStream;

    private bool _acknowledgeDue;
    private ulong _acknowledgedToPeer;

    /// <summary>An acknowledgement in the ring that may still be brought up to date, since nothing of it was sent.</summary>
    private ulong _pendingAcknowledgement = NoPosition;

    /// <summary>Bytes of frames that may be committed now.</summary>
    public int Room => Math.Max(0, _limits.WindowBytes - ReserveBytes - (int)(_tail - _acknowledged));

    /// <summary>
    /// Makes room for a message of a stream, in one piece; then it is filled and committed, or reserved anew. Nothing is sent
    /// before the commit.
    /// </summary>
    /// <param name="stream">Below <see cref="LinkLimits.Streams"/>.</param>
    /// <param name="lengthBytes">At most <see cref="LinkLimits.MessageBytes"/>.</param>
    /// <param name="message">Where to put it; valid until the next call of any member. Old bytes are in it.</param>
    public SendResult TryReserve(uint stream, int lengthBytes, out Span<byte> message)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)lengthBytes, (uint)_limits.MessageBytes);
        if (!_streams.IsStream(stream))
            throw new ArgumentOutOfRangeException(nameof(stream));
        message = default;
        uint cost = (uint)lengthBytes + LinkFrame.HeaderBytes;
        if (cost > (uint)Room)
            return SendResult.NoRoom;
        if (!_streams.HasCredit(stream, cost))
            return SendResult.NoCredit;
        (_reserved, _reservedStream) = (cost, stream);
        message = _window.At(_tail + LinkFrame.HeaderBytes, lengthBytes);
        return SendResult.Reserved;
    }

    /// <summary>Queues the message that was reserved last.</summary>
    /// <exception cref="InvalidOperationException">None was.</exception>
    public void Commit()
    {
        if (_reserved == 0)
            throw new InvalidOperationException("No message is reserved.");
        _streams.AddSent(_reservedStream, _reserved);
        _counts.MessagesSent++;
        AppendHeader(_reserved - LinkFrame.HeaderBytes, LinkFrame.Data, _reservedStream);
        _reserved = 0;
    }

    /// <summary>Reserves, copies and commits.</summary>
    public SendResult TrySend(uint stream, ReadOnlySpan<byte> header, ReadOnlySpan<byte> body)
    {
        SendResult result = TryReserve(stream, header.Length + body.Length, out Span<byte> message);
        if (result != SendResult.Reserved)
            return result;
        header.CopyTo(message);
        body.CopyTo(message[header.Length..]);
        Commit();
        return result;
    }

    /// <summary>What the connection is to be given now; empty for nothing. Valid until the next call of any other member.</summary>
    public ReadOnlySpan<byte> Output()
    {
        if (!_isOpen)
            return default;
        int opening = _isEntered ? _opening.Length : LinkHello.SizeBytes;
        if (_openingSent < opening)
            return _opening.AsSpan(_openingSent, opening - _openingSent);
        if (!_isReady)
            return default;
        AppendCredits();
        AppendAcknowledgement();
        return _window.At(_next, (int)(_tail - _next));
    }

    /// <summary>The connection took so many bytes of <see cref="Output"/>.</summary>
    public void Sent(int lengthBytes, long nowNs)
    {
        _counts.BytesSent += lengthBytes;
        _sentNs = nowNs;
        if (_openingSent < _opening.Length)
        {
            _openingSent += lengthBytes;
            return;
        }
        _next += (uint)lengthBytes;
        _sentMost = Math.Max(_sentMost, _next);
    }

    private void AppendCredits()
    {
        while (_streams.HasDue && Room >= LinkFrame.HeaderBytes + LinkFrame.CreditBytes)
        {
            (uint stream, uint consumed) = _streams.NextDue();
            BinaryPrimitives.WriteUInt32LittleEndian(_window.At(_tail + LinkFrame.HeaderBytes, LinkFrame.CreditBytes), consumed);
            AppendHeader(LinkFrame.CreditBytes, LinkFrame.Credit, stream);
            _streams.Reported();
        }
    }

    private void AppendAcknowledgement()
    {
        if (!_acknowledgeDue && _received - _acknowledgedToPeer < (uint)_limits.WindowBytes / 8)
            return;
        const int length = LinkFrame.HeaderBytes + LinkFrame.AcknowledgeBytes;
        if (_pendingAcknowledgement == NoPosition || _sentMost > _pendingAcknowledgement)
        {
            if (_tail - _acknowledged + length > (uint)_limits.WindowBytes)
                return;
            _pendingAcknowledgement = _tail;
            AppendHeader(LinkFrame.AcknowledgeBytes, LinkFrame.Acknowledge, 0);
        }
        BinaryPrimitives.WriteUInt64LittleEndian(_window.At(_pendingAcknowledgement + LinkFrame.HeaderBytes, LinkFrame.AcknowledgeBytes), _received);
        _acknowledgedToPeer = _received;
        _acknowledgeDue = false;
    }

    private void AppendHeader(uint lengthBytes, uint kind, uint stream)
    {
        new LinkFrame(lengthBytes, kind, stream, _tail).Write(_window.At(_tail, LinkFrame.HeaderBytes));
        _tail += LinkFrame.HeaderBytes + lengthBytes;
    }
}
