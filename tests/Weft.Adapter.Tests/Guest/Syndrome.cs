namespace Weft.Adapter.Tests.Guest;

/// <summary>Syndromes of error completions.</summary>
internal static class Syndrome
{
    internal const byte LocalLength = 1, LocalOperation = 2, LocalProtection = 4, Flushed = 5, WindowBind = 6, LocalAccess = 0x11,
        RemoteInvalidRequest = 0x12, RemoteAccess = 0x13, RemoteOperation = 0x14, RetriesExceeded = 0x15, ReceiverNotReady = 0x16;
}
