using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>Requests to rdma_cm: which there are, how long at least, and who serves them. Source: drivers/infiniband/core/ucma.c.</summary>
internal static class ConnectionCommands
{
    private const int HeaderBytes = 8;

    private static readonly Entry?[] Table = MakeTable();

    /// <summary>Serves a request. 0, -errno, or <see cref="SyscallResult.Restart"/> from a wait for events.</summary>
    private delegate SyscallResult Server(in ConnectionCall call);

    /// <summary>struct rdma_ucm_cmd_hdr: command, bytes in, bytes out; ENOSYS for what is not served, which libraries take for an older kernel.</summary>
    internal static SyscallResult Serve(ConnectionsFile file, GuestThread thread, ReadOnlySpan<byte> request)
    {
        if (request.Length < HeaderBytes)
            return Errno.EINVAL;
        uint command = BinaryPrimitives.ReadUInt32LittleEndian(request);
        int inBytes = BinaryPrimitives.ReadUInt16LittleEndian(request[4..]), outBytes = BinaryPrimitives.ReadUInt16LittleEndian(request[6..]);
        if (inBytes + HeaderBytes > request.Length)
            return Errno.EINVAL;
        if (command >= Table.Length || Table[command] is not { } entry)
            return Errno.ENOSYS;
        if (inBytes < entry.RequestBytes)
            return Errno.EINVAL;
        return outBytes < entry.ResponseBytes ? Errno.ENOSPC : entry.Serve(new ConnectionCall(file, thread, request.Slice(HeaderBytes, inBytes), outBytes));
    }

    private static SyscallResult CreateId(in ConnectionCall call)
    {
        const ushort infiniBand = 0x13f, ipOverInfiniBand = 2;
        ushort space = call.U16(16);
        if (space is not ((ushort)ConnectionSpace.Stream or (ushort)ConnectionSpace.Datagram or infiniBand or ipOverInfiniBand))
            return Errno.EINVAL;
        ulong userId = call.U64(0);
        lock (call.Service.Lock)
        {
            if (call.Service.AddLocked(call.File, (ConnectionSpace)space, userId) is not { } made)
                return Errno.ENOMEM;
            if (call.Respond(call.U64(8), made.Number))
                return SyscallResult.Success;
            call.Service.RemoveLocked(made);
            return Errno.EFAULT;
        }
    }

    private static SyscallResult DestroyId(in ConnectionCall call)
    {
        lock (call.Service.Lock)
        {
            Errno error = call.Find(8, out ConnectionId id);
            if (error != Errno.None)
                return error;
            call.Service.RemoveLocked(id);
            return call.Respond(call.U64(0), id.EventsReported) ? SyscallResult.Success : Errno.EFAULT;
        }
    }

    private static SyscallResult QueryRoute(in ConnectionCall call)
    {
        Span<byte> response = stackalloc byte[ConnectionFormat.RouteBytes];
        lock (call.Service.Lock)
        {
            Errno error = call.Find(8, out ConnectionId id);
            if (error != Errno.None)
                return error;
            ConnectionFormat.PutRoute(response, id, call.Service.Device);
        }
        return call.Respond(call.U64(0), response) ? SyscallResult.Success : Errno.EFAULT;
    }

    private static SyscallResult InitializeQueuePair(in ConnectionCall call)
    {
        Span<byte> response = stackalloc byte[ConnectionFormat.AttributeBytes];
        uint state = call.U32(12);
        lock (call.Service.Lock)
        {
            Errno error = call.Find(8, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (state > (uint)QueuePairState.Error || !id.HasDevice || !ConnectionFormat.PutQueuePair(response, id, (QueuePairState)state))
                return Errno.EINVAL;
        }
        return call.Respond(call.U64(0), response) ? SyscallResult.Success : Errno.EFAULT;
    }

    /// <summary>Gives the next event, or waits for one.</summary>
    private static SyscallResult GetEvent(in ConnectionCall call)
    {
        Span<byte> response = stackalloc byte[ConnectionFormat.EventBytes];
        for (; ; )
        {
            lock (call.Service.Lock)
                if (call.File.Peek() is { } notice)
                {
                    ConnectionFormat.PutEvent(response, notice);
                    if (!call.Respond(call.U64(0), response))
                        return Errno.EFAULT;
                    notice.Target.EventsReported++;
                    call.File.Take();
                    return SyscallResult.Success;
                }
            SyscallResult waited = call.Wait();
            if (waited.IsError || waited.IsRestart)
                return waited;
        }
    }

    /// <summary>Options of sockets that have no counterpart here are taken and kept; REUSEADDR matters.</summary>
    private static SyscallResult SetOption(in ConnectionCall call)
    {
        const uint idLevel = 0, infiniBandLevel = 1, typeOfService = 0, reuseAddress = 1, onlyFamily = 2, acknowledgeTimeout = 3;
        uint level = call.U32(12), name = call.U32(16);
        if (level == infiniBandLevel)
            return SyscallResult.Success;
        if (level != idLevel || name is not (typeOfService or reuseAddress or onlyFamily or acknowledgeTimeout))
            return Errno.ENOSYS;
        int value = 0;
        uint length = call.U32(20);
        if (length is sizeof(int) && !call.Thread.Memory.TryRead(new GuestVirtualAddress(call.U64(0)), out value))
            return Errno.EFAULT;
        lock (call.Service.Lock)
        {
            Errno error = call.Find(8, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (name == reuseAddress)
            {
                if (length != sizeof(int))
                    return Errno.EINVAL;
                id.MayShare = value != 0;
            }
            return SyscallResult.Success;
        }
    }

    /// <summary>The program saw a message before it was told of the connection: the event is on its way.</summary>
    private static SyscallResult Notify(in ConnectionCall call)
    {
        lock (call.Service.Lock)
            return call.Find(0, out _);
    }

    /// <summary>Moves an id, and its events, from the file that is named to the one that is written to.</summary>
    private static SyscallResult MigrateId(in ConnectionCall call)
    {
        using FileLease from = call.Thread.Files.Rent((int)call.U32(12));
        if (!from.IsOpen)
            return Errno.ENOENT;
        if (from.Description is not ConnectionsFile old)
            return Errno.EINVAL;
        lock (call.Service.Lock)
        {
            Errno error = call.Service.FindLocked(old, call.U32(8), out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (!call.Respond(call.U64(0), id.EventsReported))
                return Errno.EFAULT;
            if (old == call.File)
                return SyscallResult.Success;
            // Those of its memberships name it too.
            foreach (ConnectionNotice notice in old.TakeAll(id))
                call.File.Add(notice);
            id.File = call.File;
            foreach (ConnectionId join in call.Service.JoinsOfLocked(id))
                join.File = call.File;
            return SyscallResult.Success;
        }
    }

    private static Entry?[] MakeTable()
    {
        Entry?[] table = new Entry?[(int)ConnectionCommand.MigrateId + 1];
        void Add(ConnectionCommand command, int requestBytes, int responseBytes, Server serve) => table[(int)command] = new(requestBytes, responseBytes, serve);
        Add(ConnectionCommand.CreateId, 24, 4, CreateId);
        Add(ConnectionCommand.DestroyId, 16, 4, DestroyId);
        Add(ConnectionCommand.BindIp, 40, 0, AddressCommands.Bind);
        Add(ConnectionCommand.ResolveIp, 64, 0, AddressCommands.Resolve);
        Add(ConnectionCommand.ResolveRoute, 8, 0, AddressCommands.ResolveRoute);
        Add(ConnectionCommand.QueryRoute, 16, 200, QueryRoute);
        Add(ConnectionCommand.Listen, 8, 0, AddressCommands.Listen);
        Add(ConnectionCommand.Connect, 280, 0, ExchangeCommands.Connect);
        Add(ConnectionCommand.Accept, 288, 0, ExchangeCommands.Accept);
        Add(ConnectionCommand.Reject, 264, 0, ExchangeCommands.Reject);
        Add(ConnectionCommand.Disconnect, 4, 0, ExchangeCommands.Disconnect);
        Add(ConnectionCommand.InitializeQueuePair, 16, ConnectionFormat.AttributeBytes, InitializeQueuePair);
        Add(ConnectionCommand.GetEvent, 8, ConnectionFormat.ShortestEventBytes, GetEvent);
        Add(ConnectionCommand.SetOption, 24, 0, SetOption);
        Add(ConnectionCommand.Notify, 8, 0, Notify);
        Add(ConnectionCommand.JoinIpMulticast, 48, 4, MulticastCommands.Join);
        Add(ConnectionCommand.LeaveMulticast, 16, 4, MulticastCommands.Leave);
        Add(ConnectionCommand.MigrateId, 16, 4, MigrateId);
        return table;
    }

    private sealed record Entry(int RequestBytes, int ResponseBytes, Server Serve);
}
