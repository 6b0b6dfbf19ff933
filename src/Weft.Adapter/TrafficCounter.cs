using Weft.Adapter.Snapshots;

namespace Weft.Adapter;

/// <summary>
/// Counts of one queue pair or VM. Each is written by one thread at a time: those of sends by the queue pair's polling
/// thread, those of receives under its lock. Others read torn-free 64-bit values.
/// </summary>
internal sealed class TrafficCounter
{
    internal long Requests;
    internal long Bytes;
    internal long SendCompletions;
    internal long SendErrors;
    internal long Retries;
    internal long ReceiveCompletions;
    internal long ReceiveErrors;

    internal TrafficCounts Read() => new(Requests, Bytes, SendCompletions + ReceiveCompletions, SendErrors + ReceiveErrors, Retries);

    /// <summary>Adds another's, when that one ends.</summary>
    internal void Add(TrafficCounter other)
    {
        Requests += other.Requests;
        Bytes += other.Bytes;
        SendCompletions += other.SendCompletions;
        SendErrors += other.SendErrors;
        Retries += other.Retries;
        ReceiveCompletions += other.ReceiveCompletions;
        ReceiveErrors += other.ReceiveErrors;
    }
}
