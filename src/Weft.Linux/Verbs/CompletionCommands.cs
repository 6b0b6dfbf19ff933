using System.Buffers.Binary;
using System.Numerics;
using Weft.Adapter.Control;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>Completion channels and queues.</summary>
internal static class CompletionCommands
{
    private const int RecordBytes = 8, NoChannel = -1;

    /// <summary>An entry whose last byte is this is nobody's yet: either owner's bit, an opcode that there is none of.</summary>
    private const byte Empty = 0xcc;

    internal static Errno CreateChannel(in VerbsCall call)
    {
        Errno error = call.Context.CreateChannel(out uint number, out int descriptor);
        if (error != Errno.None)
            return error;
        SyscallResult installed = call.Files.Install(new CompletionChannel(descriptor, call.Session, number), true);
        if (installed.IsError)
            return installed.Error;
        Span<byte> response = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(response, (int)installed.Value);
        if (call.Respond(response))
            return Errno.None;
        call.Files.Close((int)installed.Value);
        return Errno.EFAULT;
    }

    /// <summary>struct ib_uverbs_create_cq and mlx4_ib_create_cq.</summary>
    internal static Errno Create(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        CompletionQueueRequest wanted = new() { UserHandle = request.U64(8), Entries = request.U32(16), Vector = request.U32(20) };
        Errno error = Make(call, wanted, (int)request.U32(24), request.U64(32), request.U64(40), out VerbsObject? made, out uint number);
        if (error != Errno.None)
            return error;
        const int bytes = 16;
        Span<byte> response = stackalloc byte[bytes];
        RegionCommands.PutNumbers(response, [made!.Handle, wanted.Entries, number, 0]);
        return call.RespondWith(made, response);
    }

    /// <summary>struct ib_uverbs_ex_create_cq. Overruns are never ignored.</summary>
    internal static Errno CreateExtended(in VerbsCall call)
    {
        const uint timestamps = 1;
        VerbsRequest request = call.Request;
        if (request.U32(20) != 0 || (request.U32(24) & ~timestamps) != 0 || request.U32(28) != 0)
            return Errno.EOPNOTSUPP;
        CompletionQueueRequest wanted = new() { UserHandle = request.U64(0), Entries = request.U32(8), Vector = request.U32(12), HasTimestamps = request.U32(24) };
        ulong buffer = BinaryPrimitives.ReadUInt64LittleEndian(request.Provider), record = BinaryPrimitives.ReadUInt64LittleEndian(request.Provider[8..]);
        Errno error = Make(call, wanted, (int)request.U32(16), buffer, record, out VerbsObject? made, out uint number);
        if (error != Errno.None)
            return error;
        const int bytes = 16, providerBytes = 8;
        Span<byte> response = stackalloc byte[bytes], provider = stackalloc byte[providerBytes];
        RegionCommands.PutNumbers(response, [made!.Handle, wanted.Entries, 0, bytes + providerBytes]);
        RegionCommands.PutNumbers(provider, [number, 0]);
        return call.RespondWith(made, response, provider);
    }

    /// <summary>struct ib_uverbs_resize_cq and mlx4_ib_resize_cq.</summary>
    internal static Errno Resize(in VerbsCall call)
    {
        VerbsRequest request = call.Request;
        uint entries = request.U32(12);
        Errno error = call.Find(VerbsObjectKind.CompletionQueue, request.U32(8), out VerbsObject found);
        if (error != Errno.None)
            return error;
        error = TakeBuffer(call, request.U64(16), entries, out ProgramMemory? buffer);
        if (error != Errno.None)
            return error;
        error = call.Context.ResizeCompletionQueue(found.Number, entries, buffer!.Extents);
        if (error != Errno.None)
        {
            buffer.Dispose();
            return error;
        }
        buffer.Settle();
        found.ReplaceBuffer(buffer)?.Dispose();
        const int bytes = 8;
        Span<byte> response = stackalloc byte[bytes];
        RegionCommands.PutNumbers(response, [entries, 0]);
        return call.RespondOrFault(response);
    }

    internal static Errno Destroy(in VerbsCall call)
    {
        Errno error = call.Find(VerbsObjectKind.CompletionQueue, call.Request.U32(8), out VerbsObject found);
        EventCounts reported = default;
        if (error == Errno.None)
            error = call.Session.End(found, out reported);
        if (error != Errno.None)
            return error;
        const int bytes = 8;
        Span<byte> response = stackalloc byte[bytes];
        RegionCommands.PutNumbers(response, [reported.Completion, reported.Asynchronous]);
        return call.RespondOrFault(response);
    }

    private static Errno Make(in VerbsCall call, CompletionQueueRequest wanted, int channelDescriptor, ulong bufferAddress, ulong recordAddress,
        out VerbsObject? made, out uint number)
    {
        made = null;
        number = 0;
        Errno error = TakeChannel(call, channelDescriptor, out CompletionChannel? channel);
        if (error != Errno.None)
            return error;
        wanted.EntryBytes = DeviceCommands.CompletionBytes;
        wanted.Channel = channel?.Number ?? 0;
        error = TakeBuffer(call, bufferAddress, wanted.Entries, out ProgramMemory? buffer);
        ProgramMemory? record = null;
        if (error == Errno.None)
            error = ProgramMemory.TakeRecord(call.Thread, recordAddress, RecordBytes, out record);
        CompletionQueueReply reply = default;
        if (error == Errno.None)
        {
            wanted.Record = record!.Single;
            error = call.Context.CreateCompletionQueue(wanted, buffer!.Extents, out reply);
        }
        if (error != Errno.None)
        {
            record?.Dispose();
            buffer?.Dispose();
            channel?.Release();
            return error;
        }
        record!.Settle();
        buffer!.Settle();
        number = reply.Number;
        made = new VerbsObject(VerbsObjectKind.CompletionQueue, reply.Handle) { UserHandle = wanted.UserHandle, Channel = channel, Buffer = buffer, Record = record };
        call.Session.Objects.Add(made);
        return Errno.None;
    }

    /// <summary>The channel of a descriptor, with a reference. EBADF when it is none of this context's.</summary>
    private static Errno TakeChannel(in VerbsCall call, int descriptor, out CompletionChannel? channel)
    {
        channel = null;
        if (descriptor == NoChannel)
            return Errno.None;
        using FileLease file = call.Files.Rent(descriptor);
        if (!file.IsOpen || file.Description is not CompletionChannel found || found.Session != call.Session)
            return Errno.EBADF;
        found.TryAddReference();
        channel = found;
        return Errno.None;
    }

    /// <summary>Pins a queue's buffer and empties it.</summary>
    private static Errno TakeBuffer(in VerbsCall call, ulong address, uint entries, out ProgramMemory? buffer)
    {
        buffer = null;
        if (entries is 0 or > PortDescription.MostCompletions || !BitOperations.IsPow2(entries + 1) || (address & (DeviceCommands.CompletionBytes - 1)) != 0)
            return Errno.EINVAL;
        ulong bytes = ((ulong)entries + 1) * DeviceCommands.CompletionBytes;
        Errno error = ProgramMemory.Take(call.Thread, address, bytes, true, out buffer);
        if (error != Errno.None || Fill(call.Thread, address, bytes))
            return error;
        buffer!.Dispose();
        buffer = null;
        return Errno.EFAULT;
    }

    private static bool Fill(GuestThread thread, ulong address, ulong bytes)
    {
        const int pieceBytes = 4096;
        Span<byte> piece = stackalloc byte[pieceBytes];
        piece.Fill(Empty);
        for (ulong done = 0; done < bytes; done += pieceBytes)
            if (!thread.Memory.TryWrite(new(address + done), piece[..(int)Math.Min(pieceBytes, bytes - done)]))
                return false;
        return true;
    }
}
