using System.Buffers.Binary;

namespace Weft.Fabric.Links;

public partial class LinkCore
{
    private readonly MirroredBuffer _incoming;

    /// <summary>Bytes of this connection taken in, and of them parsed.</summary>
    private ulong _filled, _parsed;

    /// <summary>Up to where the session was received: always a frame's boundary.</summary>
    private ulong _received;

    /// <summary>Where the connection's next bytes go; never empty while it is open.</summary>
    public Span<byte> ReceiveSpace => _incoming.At(_filled, _limits.ReceiveBytes - (int)(_filled - _parsed));

    /// <summary>So many bytes came into <see cref="ReceiveSpace"/>. Delivers all messages that are whole.</summary>
    /// <returns>Why the connection must be closed now, or None. It counts as closed.</returns>
    public LinkFault Received(int lengthBytes, long nowNs)
    {
        if (!_isOpen)
            return LinkFault.None;
        _filled += (uint)lengthBytes;
        _heardNs = nowNs;
        _counts.BytesReceived += lengthBytes;
        if (!_isReady)
        {
            LinkFault fault = TakeOpening();
            if (fault != LinkFault.None || !_isReady)
                return fault;
        }
        return TakeFrames();
    }

    /// <summary>A message that <see cref="ILinkSink.Deliver"/> kept is done with: its credit goes back.</summary>
    /// <param name="stream">The message's stream.</param>
    /// <param name="messageBytes">The message's length.</param>
    /// <remarks>Only for messages of the current session: a break forgets those before it.</remarks>
    public void Consume(uint stream, int messageBytes) => _streams.AddConsumed(stream, (uint)messageBytes + LinkFrame.HeaderBytes);

    private LinkFault TakeOpening()
    {
        if (!_isEntered)
        {
            if (_filled < LinkHello.SizeBytes)
                return LinkFault.None;
            if (!LinkHello.TryRead(_incoming.At(0, LinkHello.SizeBytes), out LinkHello hello))
            {
                Close();
                return LinkFault.Foreign;
            }
            _parsed = LinkHello.SizeBytes;
            LinkFault fault = TakeHello(hello);
            if (fault != LinkFault.None)
                return fault;
        }
        int length = LinkHello.Entered.Length;
        if (_filled - _parsed < (uint)length)
            return LinkFault.None;
        if (!_incoming.At(_parsed, length).SequenceEqual(LinkHello.Entered))
            return Violated();
        _parsed += (uint)length;
        _isReady = true;
        return LinkFault.None;
    }

    private LinkFault TakeFrames()
    {
        while (_filled - _parsed >= LinkFrame.HeaderBytes)
        {
            LinkFrame frame = LinkFrame.Read(_incoming.At(_parsed, LinkFrame.HeaderBytes));
            if (frame.Length > (uint)_limits.MessageBytes || frame.Position != (uint)_received)
                return Violated();
            if (_filled - _parsed < LinkFrame.HeaderBytes + frame.Length)
                return LinkFault.None;
            ReadOnlySpan<byte> body = _incoming.At(_parsed + LinkFrame.HeaderBytes, (int)frame.Length);
            // Counted first: the sink may reserve and commit, but what it sees is received.
            _parsed += LinkFrame.HeaderBytes + frame.Length;
            _received += LinkFrame.HeaderBytes + frame.Length;
            if (!TryTake(frame, body))
                return Violated();
        }
        return LinkFault.None;
    }

    private bool TryTake(in LinkFrame frame, ReadOnlySpan<byte> body)
    {
        switch (frame.Kind)
        {
            case LinkFrame.Data:
                return TryDeliver(frame.Stream, body);
            case LinkFrame.Acknowledge when body.Length == LinkFrame.AcknowledgeBytes:
                return TryAcknowledge(BinaryPrimitives.ReadUInt64LittleEndian(body));
            case LinkFrame.Credit when body.Length == LinkFrame.CreditBytes:
                return _streams.TryReturn(frame.Stream, BinaryPrimitives.ReadUInt32LittleEndian(body));
            default:
                return false;
        }
    }

    private bool TryDeliver(uint stream, ReadOnlySpan<byte> message)
    {
        uint cost = (uint)message.Length + LinkFrame.HeaderBytes;
        if (!_streams.IsStream(stream) || !_streams.TryAddReceived(stream, cost))
            return false;
        _counts.MessagesReceived++;
        if (_sink.Deliver(this, stream, message))
            _streams.AddConsumed(stream, cost);
        return true;
    }

    /// <summary>Frees what the peer has. Acknowledgements that were sent again may say less than is known already.</summary>
    private bool TryAcknowledge(ulong position)
    {
        if (position > _sentMost)
            return false;
        _acknowledged = Math.Max(_acknowledged, position);
        // After a loss the peer may have more than was sent again yet.
        _next = Math.Max(_next, _acknowledged);
        return true;
    }
}
