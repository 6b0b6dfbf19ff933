using System.Runtime.InteropServices;
using Weft.Adapter.Control;

namespace Weft.Linux.Verbs;

/// <summary>A context's asynchronous events.</summary>
/// <param name="host">The reading end of their pipe; owned.</param>
internal sealed class AsyncEvents(int host) : EventFile(host, AsyncEvents.EventBytes)
{
    /// <summary>struct ib_uverbs_async_event_desc.</summary>
    private const int EventBytes = 16;

    /// <summary>Takes an object's unread events out. Returns how many.</summary>
    internal uint Discard(VerbsObject ended) => Discard(record => IsOf(ended, MemoryMarshal.Read<AsyncEvent>(record)));

    private static bool IsOf(VerbsObject ended, in AsyncEvent happened) => happened.Element == ended.UserHandle && ended.Kind == happened.Type switch
    {
        AsyncEventType.CompletionQueueError => VerbsObjectKind.CompletionQueue,
        AsyncEventType.SharedReceiveQueueError or AsyncEventType.SharedReceiveQueueLimit => VerbsObjectKind.SharedReceiveQueue,
        AsyncEventType.DeviceFatal or AsyncEventType.PortActive or AsyncEventType.PortError => (VerbsObjectKind)(-1),
        _ => VerbsObjectKind.QueuePair,
    };
}
