namespace Weft.Linux.Connections;

/// <summary>enum rdma_cm_event_type, those that occur. Source: rdma-core's librdmacm/rdma_cma.h.</summary>
internal enum ConnectionNoticeKind : uint
{
    AddressResolved = 0,
    AddressError = 1,
    RouteResolved = 2,
    Request = 4,
    Response = 5,
    Unreachable = 7,
    Rejected = 8,
    Established = 9,
    Disconnected = 10,
    DeviceRemoval = 11,
    MulticastJoined = 12,
    TimeWaitExit = 15,
}
