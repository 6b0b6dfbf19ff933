namespace Weft.Adapter;

/// <summary>A completion channel: a pipe of user handles.</summary>
internal sealed class CompletionChannel(EventPipe pipe)
{
    /// <summary>Where its events go.</summary>
    internal EventPipe Pipe { get; } = pipe;

    /// <summary>Completion queues that use it.</summary>
    internal int Users { get; set; }
}
