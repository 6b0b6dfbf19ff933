using Weft.Adapter.Control;

namespace Weft.Adapter;

/// <summary>Which changes of state a queue pair may make, and with which attributes.</summary>
/// <remarks>Source: InfiniBand specification, volume 1, 11.2.5.2, table 91.</remarks>
internal static class ModifyRules
{
    internal const uint State = 1 << 0, CurrentState = 1 << 1, DrainEvent = 1 << 2, Access = 1 << 3, Partition = 1 << 4, Port = 1 << 5,
        QueueKey = 1 << 6, Path = 1 << 7, Mtu = 1 << 8, Timeout = 1 << 9, Retry = 1 << 10, RnrRetry = 1 << 11, ReceivePsn = 1 << 12,
        ReadsOut = 1 << 13, Alternate = 1 << 14, RnrTimer = 1 << 15, SendPsn = 1 << 16, ReadsIn = 1 << 17, Migration = 1 << 18,
        Capacity = 1 << 19, Destination = 1 << 20;

    private const uint Connected = Path | Mtu | Destination | ReceivePsn;
    private const uint Reliable = Timeout | Retry | RnrRetry | SendPsn | ReadsOut;
    private const uint AnyTime = CurrentState | Access | Alternate | Migration;

    /// <summary>Whether the change may be made with exactly these attributes.</summary>
    internal static bool Allow(QueuePairType type, QueuePairState from, QueuePairState to, uint mask)
    {
        if (to is QueuePairState.Reset or QueuePairState.Error)
            return (mask & ~(State | CurrentState)) == 0;
        if (Find(type, from, to) is not (uint required, uint optional))
            return false;
        return (mask & required) == required && (mask & ~(required | optional | State)) == 0;
    }

    private static (uint Required, uint Optional)? Find(QueuePairType type, QueuePairState from, QueuePairState to)
    {
        bool isDatagram = type == QueuePairType.UnreliableDatagram;
        bool answers = type is QueuePairType.ReliableConnection or QueuePairType.XrcReceive;
        bool isReliable = type is QueuePairType.ReliableConnection or QueuePairType.XrcSend;
        uint rnr = answers ? RnrTimer : 0;
        return (from, to) switch
        {
            (QueuePairState.Reset, QueuePairState.Init) => (isDatagram ? Partition | Port | QueueKey : Partition | Port | Access, 0),
            (QueuePairState.Init, QueuePairState.Init) => (0, isDatagram ? Partition | Port | QueueKey : Partition | Port | Access),
            (QueuePairState.Init, QueuePairState.ReadyToReceive) => isDatagram
                ? (0, Partition | QueueKey)
                : (Connected | (answers ? ReadsIn | RnrTimer : 0), Alternate | Access | Partition),
            (QueuePairState.ReadyToReceive, QueuePairState.ReadyToSend) => isDatagram
                ? (SendPsn, CurrentState | QueueKey)
                : (isReliable ? Reliable : type == QueuePairType.XrcReceive ? Timeout | SendPsn : SendPsn, AnyTime | rnr),
            (QueuePairState.ReadyToSend, QueuePairState.ReadyToSend) => (0, isDatagram ? CurrentState | QueueKey : AnyTime | rnr),
            (QueuePairState.ReadyToSend, QueuePairState.SendQueueDrained) => (0, DrainEvent),
            (QueuePairState.SendQueueDrained, QueuePairState.ReadyToSend) => (0, isDatagram ? CurrentState | QueueKey : AnyTime | rnr),
            (QueuePairState.SendQueueDrained, QueuePairState.SendQueueDrained) => (0, isDatagram ? Partition | QueueKey
                : Path | Alternate | Access | Partition | Migration | Port | rnr
                    | (isReliable ? Timeout | Retry | RnrRetry | ReadsOut : 0) | (answers ? ReadsIn : 0)),
            (QueuePairState.SendQueueError, QueuePairState.ReadyToSend) => (0, isDatagram ? CurrentState | QueueKey : CurrentState | Access),
            _ => null,
        };
    }

    /// <summary>Takes over what the mask names.</summary>
    internal static void Apply(ref QueuePairAttributes to, in QueuePairAttributes from, uint mask)
    {
        if ((mask & Access) != 0) to.Access = from.Access;
        if ((mask & Partition) != 0) to.PartitionIndex = from.PartitionIndex;
        if ((mask & Port) != 0) to.Port = from.Port;
        if ((mask & QueueKey) != 0) to.QueueKey = from.QueueKey;
        if ((mask & Path) != 0) to.Path = from.Path;
        if ((mask & Mtu) != 0) to.PathMtu = from.PathMtu;
        if ((mask & Timeout) != 0) to.Timeout = from.Timeout;
        if ((mask & Retry) != 0) to.RetryCount = from.RetryCount;
        if ((mask & RnrRetry) != 0) to.RnrRetry = from.RnrRetry;
        if ((mask & ReceivePsn) != 0) to.ReceivePsn = from.ReceivePsn & 0xffffff;
        if ((mask & ReadsOut) != 0) to.MostReadsOut = from.MostReadsOut;
        if ((mask & RnrTimer) != 0) to.RnrTimer = from.RnrTimer;
        if ((mask & SendPsn) != 0) to.SendPsn = from.SendPsn & 0xffffff;
        if ((mask & ReadsIn) != 0) to.MostReadsIn = from.MostReadsIn;
        if ((mask & Migration) != 0) to.MigrationState = from.MigrationState;
        if ((mask & Destination) != 0) to.DestinationQueuePair = from.DestinationQueuePair & 0xffffff;
        if ((mask & DrainEvent) != 0) to.WantsDrainEvent = from.WantsDrainEvent;
        if ((mask & Alternate) != 0)
            (to.AlternatePath, to.AlternatePort, to.AlternateTimeout, to.AlternatePartitionIndex) =
                (from.AlternatePath, from.AlternatePort, from.AlternateTimeout, from.AlternatePartitionIndex);
    }
}
