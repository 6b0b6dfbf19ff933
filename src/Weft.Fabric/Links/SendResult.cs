namespace Weft.Fabric.Links;

/// <summary>Whether a link takes a message.</summary>
public enum SendResult
{
    /// <summary>It does: fill the span and commit.</summary>
    Reserved,

    /// <summary>The link's window is full of what the peer has not acknowledged; try again after a poll.</summary>
    NoRoom,

    /// <summary>The peer has not consumed enough of this stream; try again after a poll.</summary>
    NoCredit,
}
