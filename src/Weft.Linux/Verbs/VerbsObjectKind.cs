namespace Weft.Linux.Verbs;

/// <summary>What a handle of a uverbs context stands for.</summary>
internal enum VerbsObjectKind
{
    ProtectionDomain,
    XrcDomain,
    Region,
    Window,
    CompletionQueue,
    SharedReceiveQueue,
    QueuePair,
}
