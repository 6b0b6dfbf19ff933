namespace Weft.Adapter.Remote;

/// <summary>What else a message says.</summary>
[Flags]
internal enum RemoteFlags : byte
{
    None = 0,

    /// <summary>The first piece of its request.</summary>
    First = 1,

    /// <summary>The last piece.</summary>
    Last = 2,

    /// <summary>The requester wants to hear that it is done.</summary>
    WantsAnswer = 4,

    /// <summary>The requester begins again here after a refusal.</summary>
    Restart = 8,

    /// <summary>The requester has had no answer yet: numbers begin here.</summary>
    Begin = 16,

    /// <summary>Solicited.</summary>
    Solicited = 32,

    /// <summary>Of a datagram: there is a global routing header.</summary>
    Global = 64,
}
