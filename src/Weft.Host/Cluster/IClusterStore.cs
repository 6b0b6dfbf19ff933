namespace Weft.Host.Cluster;

/// <summary>
/// Where the hosts of a cluster find each other: keys with values, held by leases. Two implementations: etcd, and one
/// in memory for a host alone. Thread-safe. Calls that can't be answered throw <see cref="IOException"/>.
/// </summary>
internal interface IClusterStore : IDisposable
{
    /// <summary>Opens a lease: what is held by it vanishes when it isn't kept alive for so long.</summary>
    Task<long> OpenLeaseAsync(TimeSpan timeToLive, CancellationToken cancel);

    /// <summary>Keeps a lease alive. False when it is over.</summary>
    Task<bool> KeepAliveAsync(long lease, CancellationToken cancel);

    /// <summary>Ends a lease, and what is held by it.</summary>
    Task CloseLeaseAsync(long lease, CancellationToken cancel);

    /// <summary>Sets a key that isn't there, in one transaction. False when it is.</summary>
    Task<bool> TryCreateAsync(string key, string value, long lease, CancellationToken cancel);

    /// <summary>All keys that begin so, and the store's revision then.</summary>
    Task<(IReadOnlyList<KeyValuePair<string, string>> Entries, long Revision)> ListAsync(string prefix, CancellationToken cancel);

    /// <summary>Returns once something that begins so has changed after a revision; now and then for no reason.</summary>
    Task WaitForChangeAsync(string prefix, long revision, CancellationToken cancel);
}
