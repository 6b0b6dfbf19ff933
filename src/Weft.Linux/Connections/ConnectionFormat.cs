using System.Buffers.Binary;
using Weft.Adapter.Control;
using Weft.Linux.Verbs;

namespace Weft.Linux.Connections;

/// <summary>The structures that are written to and read from /dev/infiniband/rdma_cm. Source: rdma/rdma_user_cm.h, ib_user_sa.h, ib_user_verbs.h.</summary>
internal static class ConnectionFormat
{
    /// <summary>struct rdma_ucm_conn_param, rdma_ucm_query_route_resp, ib_uverbs_qp_attr, rdma_ucm_event_resp.</summary>
    internal const int ParameterBytes = 272, RouteBytes = 208, AttributeBytes = 144, EventBytes = 336;

    /// <summary>The shortest rdma_ucm_event_resp that libraries ask for: without what was appended.</summary>
    internal const int ShortestEventBytes = 320;

    /// <summary>Private data of REQ, REP, REJ, SIDR_REQ and SIDR_REP: what the InfiniBand messages leave to programs, less annex A11's header in requests.</summary>
    internal const byte RequestBytes = 56, ReplyBytes = 196, RejectBytes = 148, DatagramRequestBytes = 180, DatagramReplyBytes = 136;

    private const ushort FullPartition = 0xffff;

    /// <summary>Bits of enum ibv_qp_attr_mask.</summary>
    private const uint State = 1, Access = 1 << 3, Partition = 1 << 4, Port = 1 << 5, QueueKey = 1 << 6, Path = 1 << 7, Mtu = 1 << 8, Timeout = 1 << 9,
        Retries = 1 << 10, RnrRetries = 1 << 11, ReceivePsn = 1 << 12, ReadsOut = 1 << 13, RnrTimer = 1 << 15, SendPsn = 1 << 16, ReadsIn = 1 << 17, Destination = 1 << 20;

    /// <summary>struct rdma_ucm_conn_param; retries are three bits.</summary>
    internal static ConnectionParameters ReadParameters(ReadOnlySpan<byte> source, out bool isValid)
    {
        const byte threeBits = 7;
        ConnectionParameters parameters = new()
        {
            QueuePair = BinaryPrimitives.ReadUInt32LittleEndian(source) & 0xff_ffff,
            QueueKey = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
            PrivateBytes = source[264],
            IsShared = source[265],
            ResponderResources = source[266],
            InitiatorDepth = source[267],
            FlowControl = source[268],
            RetryCount = (byte)(source[269] & threeBits),
            RnrRetryCount = (byte)(source[270] & threeBits),
        };
        source.Slice(8, parameters.PrivateBytes).CopyTo(parameters.Private);
        isValid = source[271] != 0;
        return parameters;
    }

    /// <summary>struct rdma_ucm_event_resp.</summary>
    internal static void PutEvent(Span<byte> response, ConnectionNotice notice)
    {
        response[..EventBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(response, notice.Target.UserId);
        BinaryPrimitives.WriteUInt32LittleEndian(response[8..], notice.Subject.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(response[12..], (uint)notice.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(response[16..], notice.Status);
        if (notice.Target.IsDatagram)
            PutDatagramParameters(response[20..], notice);
        else
            PutConnectionParameters(response[20..], notice);
    }

    /// <summary>struct rdma_ucm_query_route_resp. The path is known once the route is.</summary>
    internal static void PutRoute(Span<byte> response, ConnectionId id, in DeviceAttributes device)
    {
        response[..RouteBytes].Clear();
        SocketAddressFormat.Put(response[136..], id.Local);
        SocketAddressFormat.Put(response[164..], id.Remote);
        BinaryPrimitives.WriteUInt32LittleEndian(response[200..], AdapterNames.Index);
        if (!id.HasDevice)
            return;
        BinaryPrimitives.WriteUInt64BigEndian(response, device.NodeGuid);
        response[196] = (byte)AdapterNames.PortCount;
        BinaryPrimitives.WriteUInt32LittleEndian(response[192..], id.HasRoute ? 1u : 0);
        PutPath(response[8..], id, device);
    }

    /// <summary>struct ib_user_path_rec.</summary>
    private static void PutPath(Span<byte> path, ConnectionId id, in DeviceAttributes device)
    {
        const byte exactly = 2, lifeTime = 14, rate56 = 15;
        PutGid(path, id.RemoteGid);
        PutGid(path[16..], new GlobalAddress(AdapterNames.LinkLocalPrefix, device.PortGuid));
        BinaryPrimitives.WriteUInt16BigEndian(path[52..], FullPartition);
        if (!id.HasRoute)
            return;
        BinaryPrimitives.WriteUInt16BigEndian(path[32..], id.RemoteLid);
        BinaryPrimitives.WriteUInt16BigEndian(path[34..], device.Lid);
        BinaryPrimitives.WriteUInt32LittleEndian(path[44..], 1);
        BinaryPrimitives.WriteUInt32LittleEndian(path[48..], PortDescription.Mtu);
        path[56] = 1;
        path[58] = exactly;
        path[59] = exactly;
        path[60] = rate56;
        path[61] = exactly;
        path[62] = lifeTime;
    }

    /// <summary>struct ib_uverbs_qp_attr for a state: what the exchange has brought. False when it has not come so far.</summary>
    internal static bool PutQueuePair(Span<byte> response, ConnectionId id, QueuePairState state)
    {
        response[..AttributeBytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(response[4..], (uint)state);
        uint? mask = state switch
        {
            QueuePairState.Init => PutInitial(response, id),
            QueuePairState.ReadyToReceive when id.HasPeer => PutReceive(response, id),
            QueuePairState.ReadyToSend when id.HasPeer => PutSend(response, id),
            _ => null,
        };
        BinaryPrimitives.WriteUInt32LittleEndian(response, mask ?? 0);
        return mask is not null;
    }

    private static uint PutInitial(Span<byte> response, ConnectionId id)
    {
        const uint remoteWrite = 2, remoteRead = 4, remoteAtomic = 8;
        response[133] = (byte)AdapterNames.PortCount;
        if (id.IsDatagram)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(response[20..], ConnectionService.DatagramKey);
            return State | Partition | Port | QueueKey;
        }
        BinaryPrimitives.WriteUInt32LittleEndian(response[36..], remoteWrite | (id.Own.ResponderResources > 0 ? remoteRead | remoteAtomic : 0));
        return State | Access | Partition | Port;
    }

    private static uint PutReceive(Span<byte> response, ConnectionId id)
    {
        const byte rnrTimer = 12;
        BinaryPrimitives.WriteUInt32LittleEndian(response[12..], PortDescription.Mtu);
        BinaryPrimitives.WriteUInt32LittleEndian(response[24..], id.Peer.StartingPsn);
        BinaryPrimitives.WriteUInt32LittleEndian(response[32..], id.Peer.QueuePair);
        PutPathAddress(response[40..], id.RemoteLid, id.RemoteGid);
        response[131] = id.Own.ResponderResources;
        response[132] = rnrTimer;
        return State | Path | Mtu | Destination | ReceivePsn | ReadsIn | RnrTimer;
    }

    private static uint PutSend(Span<byte> response, ConnectionId id)
    {
        const byte timeout = 17;
        BinaryPrimitives.WriteUInt32LittleEndian(response[28..], id.Own.StartingPsn);
        response[130] = id.Own.InitiatorDepth;
        response[134] = timeout;
        response[135] = id.Own.RetryCount;
        response[136] = id.Own.RnrRetryCount;
        return State | SendPsn | Timeout | Retries | RnrRetries | ReadsOut;
    }

    private static void PutConnectionParameters(Span<byte> place, ConnectionNotice notice)
    {
        ConnectionParameters told = notice.Parameters;
        BinaryPrimitives.WriteUInt32LittleEndian(place, told.QueuePair);
        BinaryPrimitives.WriteUInt32LittleEndian(place[4..], told.QueueKey);
        ReadOnlySpan<byte> data = told.Private;
        data[..Math.Min(notice.PrivateBytes, told.PrivateBytes)].CopyTo(place[8..]);
        // The other end's depth is what this end has to have resources for, and the other way round.
        ReadOnlySpan<byte> rest =
        [
            notice.PrivateBytes, told.IsShared, told.InitiatorDepth, told.ResponderResources, told.FlowControl, told.RetryCount, told.RnrRetryCount, 1,
        ];
        rest.CopyTo(place[264..]);
    }

    /// <summary>struct rdma_ucm_ud_param.</summary>
    private static void PutDatagramParameters(Span<byte> place, ConnectionNotice notice)
    {
        ConnectionParameters told = notice.Parameters;
        bool isGroup = notice.Kind == ConnectionNoticeKind.MulticastJoined;
        if (isGroup || notice.Kind == ConnectionNoticeKind.Established)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(place, told.QueuePair);
            BinaryPrimitives.WriteUInt32LittleEndian(place[4..], told.QueueKey);
            PutPathAddress(place[8..], notice.Target.RemoteLid, notice.Target.RemoteGid);
            // Groups are told apart by GID: their datagrams have the global header.
            const int isGlobal = 8 + 29;
            place[isGlobal] = isGroup ? (byte)1 : (byte)0;
        }
        ReadOnlySpan<byte> data = told.Private;
        data[..Math.Min(notice.PrivateBytes, told.PrivateBytes)].CopyTo(place[40..]);
        place[296] = notice.PrivateBytes;
    }

    /// <summary>struct ib_uverbs_ah_attr: by LID.</summary>
    private static void PutPathAddress(Span<byte> place, ushort lid, in GlobalAddress gid)
    {
        PutGid(place, gid);
        BinaryPrimitives.WriteUInt16LittleEndian(place[24..], lid);
        place[30] = (byte)AdapterNames.PortCount;
    }

    private static void PutGid(Span<byte> place, in GlobalAddress gid)
    {
        BinaryPrimitives.WriteUInt64BigEndian(place, gid.Prefix);
        BinaryPrimitives.WriteUInt64BigEndian(place[8..], gid.Interface);
    }
}
