using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Shared receive queues.</summary>
internal static class SharedQueueCommands
{
    private const int RecordBytes = 4;
    private const uint ChangesSize = 1, ChangesLimit = 2;

    /// <summary>struct ib_uverbs_create_srq and mlx4_ib_create_srq.</summary>
    internal static Errno Create(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        SharedReceiveQueueRequest wanted = new() { UserHandle = request.U64(8), Limit = request.U32(28) };
        Errno error = RegionCommands.FindDomain(call, request.U32(16), out wanted.ProtectionDomain);
        return error != Errno.None ? error : Make(call, wanted, request.U32(20), request.U32(24), request.U64(32), request.U64(40));
    }

    /// <summary>struct ib_uverbs_create_xsrq: type (0 plain, 1 XRC), domain, sizes, limit, tags, XRC domain, completion queue.</summary>
    internal static Errno CreateExtended(in VerbsCall call)
    {
        const uint plain = 0, xrc = 1;
        VerbsRequest request = call.Request;
        uint type = request.U32(16);
        SharedReceiveQueueRequest wanted = new() { UserHandle = request.U64(8), Limit = request.U32(32) };
        Errno error = type is plain or xrc ? RegionCommands.FindDomain(call, request.U32(20), out wanted.ProtectionDomain) : Errno.EOPNOTSUPP;
        if (error == Errno.None && type == xrc)
            error = QueuePairCommands.FindNumber(call, VerbsObjectKind.XrcDomain, request.U32(40), out wanted.XrcDomain);
        if (error == Errno.None && type == xrc)
            error = QueuePairCommands.FindNumber(call, VerbsObjectKind.CompletionQueue, request.U32(44), out wanted.CompletionQueue);
        return error != Errno.None ? error : Make(call, wanted, request.U32(24), request.U32(28), request.U64(48), request.U64(56));
    }

    /// <summary>struct ib_uverbs_modify_srq. The ring can't grow.</summary>
    internal static Errno Modify(in VerbsCall call)
    {
        uint mask = call.Request.U32(4), limit = call.Request.U32(12);
        Errno error = call.Find(VerbsObjectKind.SharedReceiveQueue, call.Request.U32(0), out VerbsObject found);
        if (error != Errno.None || mask == 0)
            return error;
        if ((mask & ~ChangesLimit) != 0 || limit >= found.Count)
            return Errno.EINVAL;
        return call.Context.SetSharedReceiveLimit(found.Number, limit);
    }

    internal static Errno Query(in VerbsCall call)
    {
        Errno error = call.Find(VerbsObjectKind.SharedReceiveQueue, call.Request.U32(8), out VerbsObject found);
        if (error != Errno.None)
            return error;
        error = call.Context.QuerySharedReceiveQueue(found.Number, out uint requests, out uint segments, out uint limit);
        if (error != Errno.None)
            return error;
        const int bytes = 16;
        Span<byte> response = stackalloc byte[bytes];
        RegionCommands.PutNumbers(response, [requests, segments, limit, 0]);
        return call.RespondOrFault(response);
    }

    internal static Errno Destroy(in VerbsCall call) => QueuePairCommands.DestroyCounted(call, VerbsObjectKind.SharedReceiveQueue);

    private static Errno Make(in VerbsCall call, SharedReceiveQueueRequest wanted, uint requests, uint segments, ulong bufferAddress, ulong recordAddress)
    {
        Errno error = QueuePairLayout.ReadShared(requests, segments, out wanted.Ring);
        if (error != Errno.None)
            return error;
        error = ProgramMemory.Take(call.Thread, bufferAddress, (ulong)wanted.Ring.Count << (int)wanted.Ring.StrideShift, true, out ProgramMemory? buffer);
        ProgramMemory? record = null;
        if (error == Errno.None)
            error = ProgramMemory.TakeRecord(call.Thread, recordAddress, RecordBytes, out record);
        QueueReply reply = default;
        if (error == Errno.None)
        {
            wanted.Record = record!.Single;
            error = call.Context.CreateSharedReceiveQueue(wanted, buffer!.Extents, out reply);
        }
        if (error != Errno.None)
        {
            record?.Dispose();
            buffer?.Dispose();
            return error;
        }
        record!.Settle();
        buffer!.Settle();
        uint most = wanted.Ring.Count - 1;
        VerbsObject made = new(VerbsObjectKind.SharedReceiveQueue, reply.Handle) { UserHandle = wanted.UserHandle, Count = most, Buffer = buffer, Record = record };
        call.Session.Objects.Add(made);
        const int bytes = 24;
        Span<byte> response = stackalloc byte[bytes];
        response.Clear();
        RegionCommands.PutNumbers(response, [made.Handle, most, segments, reply.Number, reply.Number, 0]);
        return call.RespondWith(made, response);
    }
}
