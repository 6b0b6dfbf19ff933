namespace Weft.Linux.Connections;

/// <summary>RDMA_USER_CM_CMD_*, those that are served. Source: rdma/rdma_user_cm.h.</summary>
internal enum ConnectionCommand : uint
{
    CreateId = 0,
    DestroyId = 1,
    BindIp = 2,
    ResolveIp = 3,
    ResolveRoute = 4,
    QueryRoute = 5,
    Connect = 6,
    Listen = 7,
    Accept = 8,
    Reject = 9,
    Disconnect = 10,
    InitializeQueuePair = 11,
    GetEvent = 12,
    SetOption = 14,
    Notify = 15,
    JoinIpMulticast = 16,
    LeaveMulticast = 17,
    MigrateId = 18,
}
