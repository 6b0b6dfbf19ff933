namespace Weft.Adapter;

/// <summary>How a work request ended: enum ibv_wc_status, those that occur.</summary>
internal enum WorkStatus : byte
{
    Success,
    LocalLength,
    LocalQueueOperation,
    LocalProtection,
    Flushed,
    WindowBind,
    LocalAccess,
    RemoteInvalidRequest,
    RemoteAccess,
    RemoteOperation,
    RetriesExceeded,
    ReceiverNotReady,
    General,
}
