using Weft.Adapter.Control;

namespace Weft.Adapter.Tests.Guest;

/// <summary>struct ibv_qp_init_attr.</summary>
internal sealed record GuestQueueShape(QueuePairType Type, GuestCompletionQueue? SendQueue, GuestCompletionQueue? ReceiveQueue)
{
    internal int SendRequests { get; init; } = 32;

    internal int ReceiveRequests { get; init; } = 32;

    internal int SendSegments { get; init; } = 4;

    internal int ReceiveSegments { get; init; } = 4;

    internal int Inline { get; init; }

    internal bool SignalsAll { get; init; }

    internal GuestSharedQueue? Shared { get; init; }

    internal uint XrcDomain { get; init; }

    internal uint? Domain { get; init; }

    internal ulong UserHandle { get; init; } = 0x5150;

    /// <summary>Lays the queues over pages scattered in the arena.</summary>
    internal Random? Scatter { get; init; }
}
