using System.Buffers.Binary;
using System.Numerics;
using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>
/// A queue pair's structures: where the provider laid out its rings, and attributes to and from the wire form. Source:
/// rdma-core's providers/mlx4/qp.c (mlx4_alloc_qp_buf), rdma/ib_user_verbs.h.
/// </summary>
internal static class QueuePairLayout
{
    /// <summary>struct ib_uverbs_modify_qp, struct ib_uverbs_query_qp_resp.</summary>
    internal const int ModifyBytes = 112, QueryBytes = 128;

    private const int SmallestSendShift = 6, LargestSendShift = 10, MostSendShift = 16, SegmentShift = 4;

    /// <summary>The send ring, whose size the request says. EINVAL out of bounds.</summary>
    internal static Errno ReadSend(byte countShift, byte strideShift, uint mostSegments, out QueueLayout send)
    {
        send = new QueueLayout { Count = 1u << (countShift & 31), StrideShift = strideShift, MostSegments = mostSegments };
        return countShift > MostSendShift || strideShift is < SmallestSendShift or > LargestSendShift || mostSegments > PortDescription.MostSegments * 2
            ? Errno.EINVAL : Errno.None;
    }

    /// <summary>The receive ring, sized as the provider sizes it.</summary>
    internal static Errno ReadReceive(uint requests, uint segments, out QueueLayout receive)
    {
        receive = default;
        if (requests > PortDescription.MostQueueRequests || segments > PortDescription.MostSegments)
            return Errno.EINVAL;
        if (requests == 0)
            return Errno.None;
        uint stride = BitOperations.RoundUpToPowerOf2(Math.Max(segments, 1) << SegmentShift);
        receive = new QueueLayout
        {
            Count = BitOperations.RoundUpToPowerOf2(requests),
            StrideShift = (uint)BitOperations.Log2(stride),
            MostSegments = Math.Max(segments, 1),
        };
        return Errno.None;
    }

    /// <summary>Puts both rings into the one buffer: the larger stride first, the send ring where they are equal. Returns the buffer's bytes.</summary>
    internal static ulong Arrange(ref QueueLayout send, ref QueueLayout receive)
    {
        uint sendBytes = send.Count << (int)send.StrideShift, receiveBytes = receive.Count << (int)receive.StrideShift;
        bool receivesFirst = receive.Count != 0 && receive.StrideShift > send.StrideShift;
        send.OffsetBytes = receivesFirst ? receiveBytes : 0;
        receive.OffsetBytes = receivesFirst || receive.Count == 0 ? 0 : sendBytes;
        return (ulong)sendBytes + receiveBytes;
    }

    /// <summary>A shared ring of so many requests: one slot more, each with a link in front.</summary>
    internal static Errno ReadShared(uint requests, uint segments, out QueueLayout ring)
    {
        ring = default;
        const uint link = 16, smallest = 32;
        if (requests is 0 or > PortDescription.MostSharedRequests || segments > PortDescription.MostSharedSegments)
            return Errno.EINVAL;
        uint stride = BitOperations.RoundUpToPowerOf2(Math.Max(smallest, link + (segments << SegmentShift)));
        ring = new QueueLayout { Count = BitOperations.RoundUpToPowerOf2(requests + 1), StrideShift = (uint)BitOperations.Log2(stride), MostSegments = segments };
        return Errno.None;
    }

    /// <summary>struct ib_uverbs_modify_qp.</summary>
    internal static QueuePairAttributes ReadAttributes(ReadOnlySpan<byte> request) => new()
    {
        Path = ReadPath(request),
        AlternatePath = ReadPath(request[32..]),
        QueueKey = BinaryPrimitives.ReadUInt32LittleEndian(request[72..]),
        ReceivePsn = BinaryPrimitives.ReadUInt32LittleEndian(request[76..]),
        SendPsn = BinaryPrimitives.ReadUInt32LittleEndian(request[80..]),
        DestinationQueuePair = BinaryPrimitives.ReadUInt32LittleEndian(request[84..]),
        Access = BinaryPrimitives.ReadUInt32LittleEndian(request[88..]),
        PartitionIndex = BinaryPrimitives.ReadUInt16LittleEndian(request[92..]),
        AlternatePartitionIndex = BinaryPrimitives.ReadUInt16LittleEndian(request[94..]),
        State = (QueuePairState)request[96],
        CurrentState = (QueuePairState)request[97],
        PathMtu = request[98],
        MigrationState = request[99],
        WantsDrainEvent = request[100],
        MostReadsOut = request[101],
        MostReadsIn = request[102],
        RnrTimer = request[103],
        Port = request[104],
        Timeout = request[105],
        RetryCount = request[106],
        RnrRetry = request[107],
        AlternatePort = request[108],
        AlternateTimeout = request[109],
    };

    /// <summary>struct ib_uverbs_query_qp_resp.</summary>
    internal static void PutAttributes(Span<byte> response, in QueuePairAttributes attributes, in QueuePairCapacities capacities)
    {
        PutPath(response, attributes.Path);
        PutPath(response[32..], attributes.AlternatePath);
        RegionCommands.PutNumbers(response[64..],
        [
            capacities.SendRequests, capacities.ReceiveRequests, capacities.SendSegments, capacities.ReceiveSegments, capacities.Inline,
            attributes.QueueKey, attributes.ReceivePsn, attributes.SendPsn, attributes.DestinationQueuePair, attributes.Access,
        ]);
        BinaryPrimitives.WriteUInt16LittleEndian(response[104..], attributes.PartitionIndex);
        BinaryPrimitives.WriteUInt16LittleEndian(response[106..], attributes.AlternatePartitionIndex);
        const byte notDraining = 0;
        ReadOnlySpan<byte> rest =
        [
            (byte)attributes.State, (byte)attributes.CurrentState, attributes.PathMtu, attributes.MigrationState, notDraining, attributes.MostReadsOut,
            attributes.MostReadsIn, attributes.RnrTimer, attributes.Port, attributes.Timeout, attributes.RetryCount, attributes.RnrRetry,
            attributes.AlternatePort, attributes.AlternateTimeout, (byte)capacities.SignalsAll,
        ];
        rest.CopyTo(response[108..]);
    }

    /// <summary>struct ib_uverbs_qp_dest.</summary>
    private static PathAddress ReadPath(ReadOnlySpan<byte> path) => new()
    {
        Destination = ReadGid(path),
        FlowLabel = BinaryPrimitives.ReadUInt32LittleEndian(path[16..]),
        Lid = BinaryPrimitives.ReadUInt16LittleEndian(path[20..]),
        SourceIndex = path[24],
        HopLimit = path[25],
        TrafficClass = path[26],
        ServiceLevel = path[27],
        PathBits = path[28],
        Rate = path[29],
        IsGlobal = path[30] != 0 ? (byte)1 : (byte)0,
        Port = path[31],
    };

    private static void PutPath(Span<byte> response, in PathAddress path)
    {
        BinaryPrimitives.WriteUInt64BigEndian(response, path.Destination.Prefix);
        BinaryPrimitives.WriteUInt64BigEndian(response[8..], path.Destination.Interface);
        BinaryPrimitives.WriteUInt32LittleEndian(response[16..], path.FlowLabel);
        BinaryPrimitives.WriteUInt16LittleEndian(response[20..], path.Lid);
        ReadOnlySpan<byte> rest =
            [path.SourceIndex, path.HopLimit, path.TrafficClass, path.ServiceLevel, path.PathBits, path.Rate, path.IsGlobal, path.Port];
        rest.CopyTo(response[24..]);
    }

    /// <summary>A GID in network order.</summary>
    internal static GlobalAddress ReadGid(ReadOnlySpan<byte> gid) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(gid), BinaryPrimitives.ReadUInt64BigEndian(gid[8..]));
}
