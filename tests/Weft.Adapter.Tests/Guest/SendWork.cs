namespace Weft.Adapter.Tests.Guest;

/// <summary>struct ibv_send_wr. Reusable, so that posting allocates nothing.</summary>
internal sealed class SendWork
{
    internal ulong Id { get; set; }

    internal SendOpcode Opcode { get; set; }

    internal ScatterEntry[] List { get; set; } = [];

    internal bool IsSignalled { get; set; } = true;

    internal bool IsSolicited { get; set; }

    internal bool IsFenced { get; set; }

    internal bool IsInline { get; set; }

    internal uint Immediate { get; set; }

    internal ulong RemoteAddress { get; set; }

    internal uint RemoteKey { get; set; }

    internal ulong SwapOrAdd { get; set; }

    internal ulong Compare { get; set; }

    /// <summary>UD: where to.</summary>
    internal DatagramAddress Datagram { get; set; }

    /// <summary>XRC: the peer's SRQ number.</summary>
    internal uint RemoteSharedQueue { get; set; }

    /// <summary>Memory window: what to bind.</summary>
    internal WindowBinding Window { get; set; }
}
