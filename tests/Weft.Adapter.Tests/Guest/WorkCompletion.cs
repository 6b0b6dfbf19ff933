namespace Weft.Adapter.Tests.Guest;

/// <summary>struct ibv_wc, with the provider's own syndrome (0 is success) and opcode.</summary>
internal readonly record struct WorkCompletion(
    ulong Id, byte Syndrome, bool IsSend, byte Opcode, uint LengthBytes, uint Immediate, uint QueuePair, uint SourceQueuePair, bool HasGlobalHeader,
    ushort SourceLid, byte ServiceLevel)
{
    internal bool IsSuccess => Syndrome == 0;
}
