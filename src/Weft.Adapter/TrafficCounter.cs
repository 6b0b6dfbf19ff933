using Weft.Adapter.Snapshots;

namespace Weft.Adapter;

/// <summary>Counts of one queue pair or VM. Written by the engine's thread only; others read torn-free 64-bit values.</summary>
internal sealed class TrafficCounter
{
    internal long Requests;
    internal long Bytes;
    internal long Completions;
    internal long Errors;
    internal long Retries;

    internal TrafficCounts Read() => new(Requests, Bytes, Completions, Errors, Retries);

    /// <summary>Adds another's, when that one ends.</summary>
    internal void Add(TrafficCounter other)
    {
        Requests += other.Requests;
        Bytes += other.Bytes;
        Completions += other.Completions;
        Errors += other.Errors;
        Retries += other.Retries;
    }
}
