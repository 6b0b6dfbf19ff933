using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Queue pairs.</summary>
internal static class QueuePairCommands
{
    private const int RecordBytes = 4, ResponseBytes = 40;

    /// <summary>struct ib_uverbs_create_qp and mlx4_ib_create_qp.</summary>
    internal static Errno Create(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        QueuePairType type = (QueuePairType)request.U8(53);
        bool isTarget = type == QueuePairType.XrcReceive, isShared = request.U8(54) != 0;
        QueuePairRequest wanted = new()
        {
            UserHandle = request.U64(8),
            Type = type,
            SignalsAll = request.U8(52) != 0 ? 1u : 0,
            MostInline = request.U32(48),
        };
        Errno error = type switch
        {
            QueuePairType.ReliableConnection or QueuePairType.UnreliableConnection or QueuePairType.UnreliableDatagram
                or QueuePairType.XrcSend or QueuePairType.XrcReceive => FindParts(call, ref wanted, isShared),
            _ => Errno.EOPNOTSUPP,
        };
        if (error == Errno.None && !isTarget)
            error = QueuePairLayout.ReadSend(request.U8(72), request.U8(73), request.U32(40), out wanted.Send);
        bool receives = !isShared && !isTarget && type != QueuePairType.XrcSend;
        if (error == Errno.None && receives)
            error = QueuePairLayout.ReadReceive(request.U32(36), request.U32(44), out wanted.Receive);
        if (error != Errno.None)
            return error;
        error = Make(call, wanted, request.U64(56), receives ? request.U64(64) : 0, out VerbsObject? made, out uint number);
        if (error != Errno.None)
            return error;
        Span<byte> response = stackalloc byte[ResponseBytes];
        response.Clear();
        // The provider masks its receive index with the answer, and works out the send ring's by itself.
        RegionCommands.PutNumbers(response, [made!.Handle, number, request.U32(32), wanted.Receive.Count, request.U32(40),
            wanted.Receive.MostSegments, request.U32(48)]);
        return call.RespondWith(made, response);
    }

    /// <summary>struct ib_uverbs_open_qp: user handle, XRC domain, number, type.</summary>
    internal static Errno Open(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        if (request.U8(24) != (byte)QueuePairType.XrcReceive)
            return Errno.EINVAL;
        Errno error = call.Find(VerbsObjectKind.XrcDomain, request.U32(16), out VerbsObject domain);
        if (error != Errno.None)
            return error;
        ulong userHandle = request.U64(8);
        error = call.Context.OpenQueuePair(domain.Number, request.U32(20), userHandle, out QueueReply reply);
        if (error != Errno.None)
            return error;
        VerbsObject made = new(VerbsObjectKind.QueuePair, reply.Handle) { UserHandle = userHandle, Transport = QueuePairType.XrcReceive };
        call.Session.Objects.Add(made);
        Span<byte> response = stackalloc byte[ResponseBytes];
        response.Clear();
        RegionCommands.PutNumbers(response, [made.Handle, reply.Number]);
        return call.RespondWith(made, response);
    }

    internal static Errno Query(in VerbsCall call)
    {
        Errno error = call.Find(VerbsObjectKind.QueuePair, call.Request.U32(8), out VerbsObject found);
        if (error != Errno.None)
            return error;
        error = call.Context.QueryQueuePair(found.Number, out QueuePairAttributes attributes, out QueuePairCapacities capacities);
        if (error != Errno.None)
            return error;
        Span<byte> response = stackalloc byte[QueuePairLayout.QueryBytes];
        response.Clear();
        QueuePairLayout.PutAttributes(response, attributes, capacities);
        return call.RespondOrFault(response);
    }

    /// <summary>struct ib_uverbs_modify_qp: the handle at 64, the mask at 68.</summary>
    internal static Errno Modify(in VerbsCall call)
    {
        Errno error = call.Find(VerbsObjectKind.QueuePair, call.Request.U32(64), out VerbsObject found);
        return error != Errno.None ? error
            : call.Context.ModifyQueuePair(found.Number, KnownTo(found.Transport, call.Request.U32(68)), QueuePairLayout.ReadAttributes(call.Request.Core));
    }

    /// <summary>Libraries set an XRC pair's attributes as a reliable connection's; what its half does not have is ignored: modify_qp_mask in uverbs_cmd.c.</summary>
    private static uint KnownTo(QueuePairType transport, uint mask)
    {
        const uint retries = 1 << 10, rnrRetries = 1 << 11, readsOut = 1 << 13, rnrTimer = 1 << 15, readsIn = 1 << 17;
        return transport switch
        {
            QueuePairType.XrcSend => mask & ~(readsIn | rnrTimer),
            QueuePairType.XrcReceive => mask & ~(readsOut | retries | rnrRetries),
            _ => mask,
        };
    }

    internal static Errno Destroy(in VerbsCall call) => DestroyCounted(call, VerbsObjectKind.QueuePair);

    internal static Errno Attach(in VerbsCall call) => ChangeGroup(call, true);

    internal static Errno Detach(in VerbsCall call) => ChangeGroup(call, false);

    /// <summary>Ends an object whose asynchronous events are counted.</summary>
    internal static Errno DestroyCounted(in VerbsCall call, VerbsObjectKind kind)
    {
        Errno error = call.Find(kind, call.Request.U32(8), out VerbsObject found);
        EventCounts reported = default;
        if (error == Errno.None)
            error = call.Session.End(found, out reported);
        if (error != Errno.None)
            return error;
        Span<byte> response = stackalloc byte[sizeof(uint)];
        RegionCommands.PutNumbers(response, [reported.Asynchronous]);
        return call.RespondOrFault(response);
    }

    /// <summary>struct ib_uverbs_attach_mcast: GID, queue pair, LID.</summary>
    private static Errno ChangeGroup(in VerbsCall call, bool joins)
    {
        Errno error = call.Find(VerbsObjectKind.QueuePair, call.Request.U32(16), out VerbsObject found);
        if (error != Errno.None)
            return error;
        GlobalAddress group = QueuePairLayout.ReadGid(call.Request.Core);
        ushort lid = call.Request.U16(20);
        return joins ? call.Context.AttachMulticast(found.Number, group, lid) : call.Context.DetachMulticast(found.Number, group, lid);
    }

    /// <summary>Translates the handles of what the queue pair is made of, as its type has them.</summary>
    private static Errno FindParts(in VerbsCall call, ref QueuePairRequest wanted, bool isShared)
    {
        VerbsRequest request = call.Request;
        if (wanted.Type == QueuePairType.XrcReceive)
        {
            Errno missing = call.Find(VerbsObjectKind.XrcDomain, request.U32(16), out VerbsObject domain);
            wanted.XrcDomain = missing == Errno.None ? domain.Number : 0;
            return missing;
        }
        Errno error = RegionCommands.FindDomain(call, request.U32(16), out wanted.ProtectionDomain);
        if (error == Errno.None)
            error = FindNumber(call, VerbsObjectKind.CompletionQueue, request.U32(20), out wanted.SendQueue);
        if (error != Errno.None || wanted.Type == QueuePairType.XrcSend)
            return error;
        error = FindNumber(call, VerbsObjectKind.CompletionQueue, request.U32(24), out wanted.ReceiveQueue);
        return error != Errno.None || !isShared ? error : FindNumber(call, VerbsObjectKind.SharedReceiveQueue, request.U32(28), out wanted.SharedReceiveQueue);
    }

    internal static Errno FindNumber(in VerbsCall call, VerbsObjectKind kind, uint handle, out uint number)
    {
        Errno error = call.Find(kind, handle, out VerbsObject found);
        number = error == Errno.None ? found.Number : 0;
        return error;
    }

    private static Errno Make(in VerbsCall call, QueuePairRequest wanted, ulong bufferAddress, ulong recordAddress, out VerbsObject? made, out uint number)
    {
        made = null;
        number = 0;
        ulong bytes = QueuePairLayout.Arrange(ref wanted.Send, ref wanted.Receive);
        ProgramMemory? buffer = null, record = null;
        Errno error = bytes == 0 ? Errno.None : ProgramMemory.Take(call.Thread, bufferAddress, bytes, true, out buffer);
        if (error == Errno.None && wanted.Receive.Count > 0)
            error = ProgramMemory.TakeRecord(call.Thread, recordAddress, RecordBytes, out record);
        QueueReply reply = default;
        if (error == Errno.None)
        {
            wanted.Record = record?.Single ?? default;
            error = call.Context.CreateQueuePair(wanted, buffer is null ? [] : buffer.Extents, out reply);
        }
        if (error != Errno.None)
        {
            record?.Dispose();
            buffer?.Dispose();
            return error;
        }
        record?.Settle();
        buffer?.Settle();
        number = reply.Number;
        made = new VerbsObject(VerbsObjectKind.QueuePair, reply.Handle) { UserHandle = wanted.UserHandle, Transport = wanted.Type, Buffer = buffer, Record = record };
        call.Session.Objects.Add(made);
        return Errno.None;
    }
}
