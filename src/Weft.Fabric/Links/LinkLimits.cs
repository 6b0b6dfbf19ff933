namespace Weft.Fabric.Links;

/// <summary>The bounds of a link. Both ends must agree on <see cref="StreamWindowBytes"/>, <see cref="Streams"/> and <see cref="MessageBytes"/>.</summary>
public sealed record LinkLimits
{
    /// <summary>What is kept until the peer acknowledges it: a power of two, several messages' worth.</summary>
    public int WindowBytes { get; init; } = 2 << 20;

    /// <summary>What one read of the connection may bring: a power of two, above twice a message.</summary>
    public int ReceiveBytes { get; init; } = 256 << 10;

    /// <summary>What a stream may have sent that the peer's engine has not consumed.</summary>
    public int StreamWindowBytes { get; init; } = 512 << 10;

    /// <summary>How many streams there are.</summary>
    public int Streams { get; init; } = 1 << 16;

    /// <summary>The longest message.</summary>
    public int MessageBytes { get; init; } = (64 << 10) + 256;

    /// <summary>A connection on which nothing was sent for so long sends a sign of life.</summary>
    public long HeartbeatNs { get; init; } = 500_000_000;

    /// <summary>A connection on which nothing came for so long is given up.</summary>
    public long SilenceNs { get; init; } = 2_500_000_000;

    /// <summary>A session that has had no connection for so long is over: its streams are broken.</summary>
    public long BreakNs { get; init; } = 4_000_000_000;

    /// <summary>Throws when the numbers do not fit one another.</summary>
    /// <exception cref="ArgumentException">What does not fit.</exception>
    internal void Validate()
    {
        if (MessageBytes < 16 || ReceiveBytes < 2 * (MessageBytes + LinkFrame.HeaderBytes))
            throw new ArgumentException("A link must be able to receive two messages at once.");
        if (WindowBytes < 2 * (MessageBytes + LinkFrame.HeaderBytes) + LinkCore.ReserveBytes)
            throw new ArgumentException("A link's window must hold two messages.");
        if (StreamWindowBytes < 2 * (MessageBytes + LinkFrame.HeaderBytes) || Streams < 1)
            throw new ArgumentException("A stream must be able to send two messages.");
    }
}
