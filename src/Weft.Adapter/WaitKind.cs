namespace Weft.Adapter;

/// <summary>What a queue pair's current request waits for.</summary>
internal enum WaitKind : byte
{
    Nothing,

    /// <summary>A receive request of the peer.</summary>
    Receiver,

    /// <summary>A peer that answers.</summary>
    Answer,
}
