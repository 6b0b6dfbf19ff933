namespace Weft.Adapter;

/// <summary>What a completion entry tells, before a provider's format.</summary>
internal struct Completion
{
    internal uint QueuePair;
    internal WorkStatus Status;
    internal bool IsSend;

    /// <summary>Of a send: the provider's number of the operation.</summary>
    internal byte ProviderOpcode;

    /// <summary>Of a receive: what came.</summary>
    internal RequestKind Kind;

    internal uint Immediate;
    internal uint LengthBytes;
    internal ushort Index;
    internal uint SourceQueuePair;
    internal ushort SourceLid;
    internal byte ServiceLevel;
    internal bool HasGlobalHeader;
    internal bool IsSolicited;
}
