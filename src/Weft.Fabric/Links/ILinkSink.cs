namespace Weft.Fabric.Links;

/// <summary>Who gets what a link brings. Called on the thread that drives the link, never while that thread is inside a reservation.</summary>
public interface ILinkSink
{
    /// <summary>
    /// A message, once, in the order in which the peer committed it. True: it is consumed, and its credit goes back.
    /// False: <see cref="LinkCore.Consume"/> will be called for it later. May reserve and commit on the same link.
    /// </summary>
    /// <param name="link">The link that brings it.</param>
    /// <param name="stream">The peer's stream.</param>
    /// <param name="message">The message; valid during the call.</param>
    bool Deliver(LinkCore link, uint stream, ReadOnlySpan<byte> message);

    /// <summary>
    /// The session with the peer is over: what was committed and not answered may or may not have arrived, and nothing
    /// more of it will come. Every stream begins anew, with full credit.
    /// </summary>
    void Broken(LinkCore link);
}
