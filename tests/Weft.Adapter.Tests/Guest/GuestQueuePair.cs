using System.Numerics;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter.Tests.Guest;

/// <summary>A queue pair with the user-space half that the provider library has: rings, indices, work ids.</summary>
internal sealed partial class GuestQueuePair
{
    private const int SpareBytes = 2048;
    private readonly ulong[] _sendIds, _receiveIds;
    private readonly int _spareSlots;
    private readonly ulong _sendBase, _receiveBase, _record;
    private uint _sendHead, _sendTail, _receiveHead, _receiveTail;

    internal GuestQueuePair(GuestContext context, GuestQueueShape shape)
    {
        (Context, Shape) = (context, shape);
        bool hasSend = shape.Type != QueuePairType.XrcReceive;
        bool hasReceive = shape.Shared is null && shape.Type is not (QueuePairType.XrcReceive or QueuePairType.XrcSend);
        SendShift = hasSend ? SendSlotShift(shape) : 0;
        _spareSlots = hasSend ? (SpareBytes >> SendShift) + 1 : 0;
        SendCount = hasSend ? RoundUp(shape.SendRequests + _spareSlots) : 0;
        ReceiveCount = hasReceive ? RoundUp(shape.ReceiveRequests) : 0;
        ReceiveShift = hasReceive ? BitOperations.Log2((uint)RoundUp(16 * Math.Max(1, shape.ReceiveSegments))) : 0;
        int sendBytes = SendCount << SendShift, receiveBytes = hasReceive ? ReceiveCount << ReceiveShift : 0;
        bool receiveFirst = ReceiveShift > SendShift;
        (_sendIds, _receiveIds) = (new ulong[SendCount], new ulong[ReceiveCount]);
        Buffer = sendBytes + receiveBytes > 0 ? context.Vm.Arena.Allocate(sendBytes + receiveBytes, shape.Scatter) : null;
        (ulong sendOffset, ulong receiveOffset) = receiveFirst ? ((ulong)receiveBytes, 0UL) : (0UL, (ulong)sendBytes);
        (_sendBase, _receiveBase) = ((Buffer?.Address ?? 0) + sendOffset, (Buffer?.Address ?? 0) + receiveOffset);
        MemoryExtent recordExtent = default;
        if (hasReceive)
            (_record, recordExtent) = context.AllocateRecord(4);
        Request = new QueuePairRequest
        {
            UserHandle = shape.UserHandle,
            Type = shape.Type,
            ProtectionDomain = shape.Type == QueuePairType.XrcReceive ? 0 : shape.Domain ?? context.Domain,
            SendQueue = hasSend ? shape.SendQueue!.Handle : 0,
            ReceiveQueue = shape.Type is QueuePairType.XrcSend or QueuePairType.XrcReceive ? 0 : shape.ReceiveQueue!.Handle,
            SharedReceiveQueue = shape.Shared?.Handle ?? 0,
            XrcDomain = shape.XrcDomain,
            SignalsAll = shape.SignalsAll ? 1u : 0,
            MostInline = (uint)shape.Inline,
            Send = new QueueLayout { OffsetBytes = (uint)sendOffset, Count = (uint)SendCount, StrideShift = (uint)SendShift, MostSegments = (uint)shape.SendSegments },
            Receive = new QueueLayout { OffsetBytes = (uint)receiveOffset, Count = (uint)ReceiveCount, StrideShift = (uint)ReceiveShift, MostSegments = (uint)shape.ReceiveSegments },
            Record = recordExtent,
        };
        Assert.Equal(Errno.None, context.Verbs.CreateQueuePair(Request, Buffer?.Extents ?? [], out QueueReply reply));
        (Handle, Number) = (reply.Handle, reply.Number);
        context.QueuePairs.Add(Number, this);
    }

    internal GuestContext Context { get; }

    internal GuestQueueShape Shape { get; }

    /// <summary>What the adapter was asked for.</summary>
    internal QueuePairRequest Request { get; }

    internal uint Handle { get; }

    internal uint Number { get; }

    internal GuestBuffer? Buffer { get; }

    internal int SendCount { get; }

    internal int SendShift { get; }

    internal int ReceiveCount { get; }

    internal int ReceiveShift { get; }

    internal ulong RecordAddress => _record;

    internal GuestCompletionQueue SendQueue => Shape.SendQueue!;

    internal GuestCompletionQueue ReceiveQueue => Shape.ReceiveQueue!;

    /// <summary>Sends that the library thinks outstanding.</summary>
    internal int SendsOutstanding => (int)(_sendHead - _sendTail);

    /// <summary>Whether another send may be posted: the spare slots stay free.</summary>
    internal bool HasSendRoom => SendsOutstanding < SendCount - _spareSlots;

    internal ulong SendSlot(uint index) => _sendBase + ((ulong)(index & (uint)(SendCount - 1)) << SendShift);

    /// <summary>A completion names the slot: every send up to it is done.</summary>
    internal ulong RetireSend(ushort index)
    {
        _sendTail += (ushort)(index - (ushort)_sendTail);
        ulong id = _sendIds[_sendTail & (uint)(SendCount - 1)];
        _sendTail++;
        return id;
    }

    /// <summary>A receive completion: the library takes the oldest.</summary>
    internal ulong RetireReceive() => _receiveIds[_receiveTail++ & (uint)(ReceiveCount - 1)];

    internal EventCounts Destroy()
    {
        Assert.Equal(Errno.None, Context.Verbs.DestroyQueuePair(Handle, out EventCounts counts));
        Context.QueuePairs.Remove(Number);
        Clean();
        return counts;
    }

    internal static int RoundUp(int value) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, value));

    private void Clean()
    {
        Shape.ReceiveQueue?.Clean(Number, Shape.Shared);
        if (Shape.SendQueue != Shape.ReceiveQueue)
            Shape.SendQueue?.Clean(Number, null);
    }

    private static int SendSlotShift(GuestQueueShape shape)
    {
        int inlineStart = shape.Type == QueuePairType.UnreliableDatagram ? 0 : 32;
        int pieces = shape.Inline == 0 ? 0 : (shape.Inline + inlineStart + 59) / 60;
        int segments = Math.Max((shape.Inline + 4 * pieces + 15) / 16, shape.SendSegments);
        int header = shape.Type switch
        {
            QueuePairType.UnreliableDatagram => 48,
            QueuePairType.UnreliableConnection => 16,
            _ => 16,
        };
        int bytes = Math.Max(48, 16 * segments + header) + 16;
        return Math.Max(6, BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)bytes)));
    }
}
