namespace Weft.Adapter;

/// <summary>What became of an attempt at a request.</summary>
internal enum Outcome : byte
{
    /// <summary>It is over, with the status that goes with this.</summary>
    Done,

    /// <summary>Some was moved; go on in the next turn.</summary>
    Partly,

    /// <summary>The peer has no receive posted.</summary>
    ReceiverNotReady,

    /// <summary>Nobody answers at that address.</summary>
    NoAnswer,

    /// <summary>It changes a window: not while other polling threads work.</summary>
    NotAlone,
}
