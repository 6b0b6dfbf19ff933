namespace Weft.Adapter.Snapshots;

/// <summary>What a queue pair, or all of a VM's, did since it was made.</summary>
/// <param name="Requests">Send requests carried out, RDMA and atomics among them.</param>
/// <param name="Bytes">Payload bytes moved for them.</param>
/// <param name="Completions">Completions written, of sends and receives.</param>
/// <param name="Errors">Completions with an error among them.</param>
/// <param name="Retries">Attempts beyond the first: receiver not ready, or no answer.</param>
public readonly record struct TrafficCounts(long Requests, long Bytes, long Completions, long Errors, long Retries)
{
    /// <summary>Of a VM: stores to its doorbell page that cost an exit, because the engine slept or had just woken up.</summary>
    public long Doorbells { get; init; }
}
