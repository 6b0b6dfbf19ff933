using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Connections;

/// <summary>Connecting, accepting, refusing and ending.</summary>
internal static class ExchangeCommands
{
    /// <summary>struct rdma_ucm_connect: parameters, id at 272.</summary>
    internal static SyscallResult Connect(in ConnectionCall call)
    {
        ConnectionParameters told = ConnectionFormat.ReadParameters(call.Payload, out bool isValid);
        if (!isValid)
            return Errno.EINVAL;
        lock (call.Service.Lock)
        {
            Errno error = call.Find(272, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (!id.HasRoute || id.Endpoint == 0 || id.IsListening || told.PrivateBytes > (id.IsDatagram ? ConnectionFormat.DatagramRequestBytes : ConnectionFormat.RequestBytes))
                return Errno.EINVAL;
            TellLocked(id, ref told);
            return call.Service.Channel.Connect(id.Endpoint, id.Local, id.Remote, id.IsRemoteHere, told);
        }
    }

    /// <summary>
    /// struct rdma_ucm_accept: user id, parameters at 8, id at 280. A caller accepts the reply without parameters; a new
    /// connection's events are told by the user id from now on.
    /// </summary>
    internal static SyscallResult Accept(in ConnectionCall call)
    {
        ConnectionParameters told = ConnectionFormat.ReadParameters(call.Payload[8..], out bool isValid);
        lock (call.Service.Lock)
        {
            Errno error = call.Find(280, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (id.Endpoint == 0 || told.PrivateBytes > (id.IsDatagram ? ConnectionFormat.DatagramReplyBytes : ConnectionFormat.ReplyBytes))
                return Errno.EINVAL;
            if (!isValid)
                return call.Service.Channel.Accept(id.Endpoint, default);
            told.RetryCount = id.Own.RetryCount;
            ulong before = id.UserId;
            ConnectionParameters own = id.Own;
            TellLocked(id, ref told);
            // The retries of a new connection are those that the caller asked for.
            id.Own = id.Own with { RnrRetryCount = own.RnrRetryCount };
            id.UserId = call.U64(0);
            error = call.Service.Channel.Accept(id.Endpoint, told);
            if (error != Errno.None)
                id.UserId = before;
            return error;
        }
    }

    /// <summary>struct rdma_ucm_reject: id, length at 4, reason at 5, private data at 8. Without a reason, the program's own.</summary>
    internal static SyscallResult Reject(in ConnectionCall call)
    {
        const ushort consumerDefined = 28, datagramRejected = 2;
        byte length = call.Payload[4], reason = call.Payload[5];
        lock (call.Service.Lock)
        {
            Errno error = call.Find(0, out ConnectionId id);
            if (error != Errno.None)
                return error;
            if (length > (id.IsDatagram ? ConnectionFormat.DatagramReplyBytes : ConnectionFormat.RejectBytes) || id.Endpoint == 0)
                return Errno.EINVAL;
            ConnectionParameters told = new() { PrivateBytes = length };
            call.Payload.Slice(8, length).CopyTo(told.Private);
            return call.Service.Channel.Reject(id.Endpoint, id.IsDatagram ? datagramRejected : reason == 0 ? consumerDefined : reason, told);
        }
    }

    internal static SyscallResult Disconnect(in ConnectionCall call)
    {
        lock (call.Service.Lock)
        {
            Errno error = call.Find(0, out ConnectionId id);
            if (error != Errno.None)
                return error;
            return id.Endpoint == 0 || id.IsDatagram ? Errno.EINVAL : call.Service.Channel.Disconnect(id.Endpoint);
        }
    }

    /// <summary>What is told stands as what this end will do; its PSN is fixed, and datagrams have a key.</summary>
    private static void TellLocked(ConnectionId id, ref ConnectionParameters told)
    {
        told.StartingPsn = id.Own.StartingPsn;
        if (id.IsDatagram && told.QueueKey == 0)
            told.QueueKey = ConnectionService.DatagramKey;
        id.Own = told;
    }
}
