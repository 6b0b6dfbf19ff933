namespace Weft.Linux.Verbs;

/// <summary>A completion channel: the program's descriptors and its completion queues keep it.</summary>
/// <param name="host">The reading end of its pipe; owned.</param>
/// <param name="session">The context that it is of.</param>
/// <param name="number">The adapter's handle.</param>
internal sealed class CompletionChannel(int host, VerbsSession session, uint number) : EventFile(host, CompletionChannel.EventBytes)
{
    /// <summary>struct ib_uverbs_comp_event_desc: the queue's user handle.</summary>
    private const int EventBytes = sizeof(ulong);

    internal VerbsSession Session => session;

    /// <summary>The adapter's handle.</summary>
    internal uint Number => number;

    /// <inheritdoc/>
    protected override long OnLastRelease()
    {
        session.EndChannel(number);
        return base.OnLastRelease();
    }
}
