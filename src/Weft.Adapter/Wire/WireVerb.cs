namespace Weft.Adapter.Wire;

/// <summary>What a frame of the control protocol asks; answers repeat it. The arguments are those of the contract's methods.</summary>
internal enum WireVerb : uint
{
    /// <summary>The first frame. First: protocol version; Second: arena bytes; Third: bytes of name | bytes of program &lt;&lt; 32. Three descriptors.</summary>
    Hello = 1,
    AttachMemory,
    DetachMemory,
    CountTraffic,

    /// <summary>Answer: First is the context's number; one descriptor, of asynchronous events.</summary>
    OpenContext,
    CloseContext,
    AllocateProtectionDomain,
    DeallocateProtectionDomain,
    RegisterRegion,
    ReregisterRegion,
    DeregisterRegion,
    AllocateWindow,
    DeallocateWindow,
    CreateChannel,
    DestroyChannel,
    CreateCompletionQueue,
    ResizeCompletionQueue,
    DestroyCompletionQueue,
    CreateSharedReceiveQueue,
    SetSharedReceiveLimit,
    QuerySharedReceiveQueue,
    DestroySharedReceiveQueue,
    CreateQueuePair,
    OpenQueuePair,
    ModifyQueuePair,
    QueryQueuePair,
    DestroyQueuePair,
    OpenXrcDomain,
    CloseXrcDomain,
    AttachMulticast,
    DetachMulticast,

    /// <summary>Answer: one descriptor, of connection events.</summary>
    OpenConnections,
    CloseConnections,
    ConnectionBind,
    ConnectionListen,
    ConnectionResolve,
    ConnectionConnect,
    ConnectionAccept,
    ConnectionReject,
    ConnectionDisconnect,
    ConnectionClose,
}
