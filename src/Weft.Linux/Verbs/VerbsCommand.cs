namespace Weft.Linux.Verbs;

/// <summary>enum ib_uverbs_write_cmds, those that are served. Source: rdma/ib_user_verbs.h.</summary>
internal enum VerbsCommand : uint
{
    GetContext = 0,
    QueryDevice = 1,
    QueryPort = 2,
    AllocateDomain = 3,
    DeallocateDomain = 4,
    RegisterRegion = 9,
    ReregisterRegion = 11,
    DeregisterRegion = 13,
    AllocateWindow = 14,
    DeallocateWindow = 16,
    CreateChannel = 17,
    CreateCompletionQueue = 18,
    ResizeCompletionQueue = 19,
    DestroyCompletionQueue = 20,
    CreateQueuePair = 24,
    QueryQueuePair = 25,
    ModifyQueuePair = 26,
    DestroyQueuePair = 27,
    AttachMulticast = 30,
    DetachMulticast = 31,
    CreateSharedQueue = 32,
    ModifySharedQueue = 33,
    QuerySharedQueue = 34,
    DestroySharedQueue = 35,
    OpenXrcDomain = 37,
    CloseXrcDomain = 38,
    CreateExtendedSharedQueue = 39,
    OpenQueuePair = 40,
}
