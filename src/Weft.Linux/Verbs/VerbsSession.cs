using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Linux.Verbs;

/// <summary>An open context: what the program made in it, and the adapter's side of it.</summary>
/// <remarks>Thread-safe; <see cref="Dispose"/> once, when no call is under way. Completion channels may outlive it.</remarks>
internal sealed class VerbsSession : IDisposable
{
    private readonly Lock _lifetime = new();
    private bool _isOver;

    private VerbsSession(IAdapterContext context, AsyncEvents events)
    {
        Context = context;
        Events = events;
    }

    /// <summary>The adapter's side.</summary>
    internal IAdapterContext Context { get; }

    /// <summary>Asynchronous events.</summary>
    internal AsyncEvents Events { get; }

    /// <summary>The handles.</summary>
    internal VerbsObjectTable Objects { get; } = new();

    /// <summary>Opens a context.</summary>
    internal static Errno Open(IAdapterVm adapter, out VerbsSession? session)
    {
        session = null;
        Errno error = adapter.OpenContext(out IAdapterContext? context);
        if (error != Errno.None)
            return error;
        int descriptor = context!.TakeAsyncDescriptor();
        if (descriptor < 0)
        {
            context.Dispose();
            return Errno.EMFILE;
        }
        session = new VerbsSession(context, new AsyncEvents(descriptor));
        return Errno.None;
    }

    /// <summary>Ends an object and frees its handle and memory. The adapter's error otherwise, EBUSY while it is in use.</summary>
    /// <param name="ended">The object.</param>
    /// <param name="reported">How many of its events the program has read: those are yet to be acknowledged.</param>
    internal Errno End(VerbsObject ended, out EventCounts reported)
    {
        reported = default;
        if (!Objects.TryBeginEnd(ended))
            return Errno.EINVAL;
        Errno error = EndInAdapter(ended, out EventCounts fired);
        if (error == Errno.None)
            reported = Reported(ended, fired);
        Objects.FinishEnd(ended, error == Errno.None);
        if (error == Errno.None)
            ended.Release();
        return error;
    }

    /// <summary>Ends a completion channel, unless it went with its context.</summary>
    internal void EndChannel(uint number)
    {
        lock (_lifetime)
            if (!_isOver)
                Context.DestroyChannel(number);
    }

    /// <summary>Closes the context: all of it goes.</summary>
    public void Dispose()
    {
        lock (_lifetime)
        {
            _isOver = true;
            Context.Dispose();
        }
        foreach (VerbsObject left in Objects.TakeAll())
            left.Release();
        Events.Release();
    }

    private Errno EndInAdapter(VerbsObject ended, out EventCounts fired)
    {
        fired = default;
        return ended.Kind switch
        {
            VerbsObjectKind.ProtectionDomain => Context.DeallocateProtectionDomain(ended.Number),
            VerbsObjectKind.XrcDomain => Context.CloseXrcDomain(ended.Number),
            VerbsObjectKind.Region => Context.DeregisterRegion(ended.Number),
            VerbsObjectKind.Window => Context.DeallocateWindow(ended.Number),
            VerbsObjectKind.CompletionQueue => Context.DestroyCompletionQueue(ended.Number, out fired),
            VerbsObjectKind.SharedReceiveQueue => Context.DestroySharedReceiveQueue(ended.Number, out fired),
            VerbsObjectKind.QueuePair => Context.DestroyQueuePair(ended.Number, out fired),
            _ => Errno.EINVAL,
        };
    }

    /// <summary>Nothing fires any more: what is still in the pipes was never read, and is taken out.</summary>
    private EventCounts Reported(VerbsObject ended, in EventCounts fired)
    {
        uint completion = fired.Completion, asynchronous = fired.Asynchronous;
        if (completion != 0 && ended.Channel is { } channel)
            completion -= Math.Min(completion, channel.Discard(record => EventFile.ElementOf(record) == ended.UserHandle));
        if (asynchronous != 0)
            asynchronous -= Math.Min(asynchronous, Events.Discard(ended));
        return new EventCounts { Completion = completion, Asynchronous = asynchronous };
    }
}
