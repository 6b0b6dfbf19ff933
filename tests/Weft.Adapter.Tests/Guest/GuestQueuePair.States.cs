using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>State changes, with the masks that programs use.</summary>
internal sealed partial class GuestQueuePair
{
    internal const uint State = 1, CurrentState = 2, DrainEvent = 4, AccessFlags = 8, Partition = 0x10, Port = 0x20, QueueKey = 0x40, Address = 0x80,
        PathMtu = 0x100, Timeout = 0x200, RetryCount = 0x400, RnrRetry = 0x800, ReceivePsn = 0x1000, MostReadsOut = 0x2000, AlternatePath = 0x4000,
        RnrTimer = 0x8000, SendPsn = 0x10000, MostReadsIn = 0x20000, Migration = 0x40000, Destination = 0x100000;

    internal uint InitMask => State | Partition | Port | (Shape.Type == QueuePairType.UnreliableDatagram ? QueueKey : AccessFlags);

    internal uint ReadyToReceiveMask => Shape.Type switch
    {
        QueuePairType.UnreliableDatagram => State,
        QueuePairType.UnreliableConnection or QueuePairType.XrcSend => State | Address | PathMtu | Destination | ReceivePsn,
        _ => State | Address | PathMtu | Destination | ReceivePsn | MostReadsIn | RnrTimer,
    };

    internal uint ReadyToSendMask => Shape.Type switch
    {
        QueuePairType.ReliableConnection or QueuePairType.XrcSend => State | SendPsn | Timeout | RetryCount | RnrRetry | MostReadsOut,
        QueuePairType.XrcReceive => State | SendPsn | Timeout,
        _ => State | SendPsn,
    };

    internal QueuePairAttributes Attributes(QueuePairState state, ushort lid = 0, uint destination = 0) => new()
    {
        State = state,
        Port = 1,
        QueueKey = 0x11111111,
        Access = RemoteAccess,
        Path = new PathAddress { Lid = lid, Port = 1 },
        DestinationQueuePair = destination,
        PathMtu = 5,
        MostReadsIn = 16,
        MostReadsOut = 16,
        RnrTimer = RnrTimerCode,
        Timeout = TimeoutCode,
        RetryCount = Retries,
        RnrRetry = RnrRetries,
        ReceivePsn = 3,
        SendPsn = 3,
    };

    /// <summary>What the peer may do: enum ibv_access_flags.</summary>
    internal uint RemoteAccess { get; set; } = GuestRegion.RemoteWrite | GuestRegion.RemoteRead | GuestRegion.RemoteAtomic;

    internal byte RnrTimerCode { get; set; } = 1;

    internal byte TimeoutCode { get; set; } = 8;

    internal byte Retries { get; set; } = 2;

    internal byte RnrRetries { get; set; } = 7;

    internal Errno Modify(uint mask, in QueuePairAttributes attributes)
    {
        if ((mask & State) != 0 && attributes.State == QueuePairState.Init && CurrentlyReset)
            StampOwnership();
        Errno errno = Context.Verbs.ModifyQueuePair(Handle, mask, attributes);
        if (errno != Errno.None || (mask & State) == 0)
            return errno;
        CurrentlyReset = attributes.State == QueuePairState.Reset;
        if (CurrentlyReset)
        {
            Clean();
            (_sendHead, _sendTail, _receiveHead, _receiveTail) = (0, 0, 0, 0);
            if (_record != 0)
                Raw.Word(_record) = 0;
        }
        return errno;
    }

    internal bool CurrentlyReset { get; private set; } = true;

    internal void To(QueuePairState state, ushort lid = 0, uint destination = 0)
    {
        uint mask = state switch
        {
            QueuePairState.Init => InitMask,
            QueuePairState.ReadyToReceive => ReadyToReceiveMask,
            QueuePairState.ReadyToSend => ReadyToSendMask,
            _ => State,
        };
        Assert.Equal(Errno.None, Modify(mask, Attributes(state, lid, destination)));
    }

    /// <summary>All the way to RTS.</summary>
    internal void Connect(ushort lid, uint destination)
    {
        To(QueuePairState.Init);
        To(QueuePairState.ReadyToReceive, lid, destination);
        To(QueuePairState.ReadyToSend);
    }

    internal QueuePairAttributes Query()
    {
        Assert.Equal(Errno.None, Context.Verbs.QueryQueuePair(Handle, out QueuePairAttributes attributes, out _));
        return attributes;
    }
}
