using System.Diagnostics;

namespace Weft.Host.Cluster;

/// <summary>The store of a host alone: in the daemon's memory, for its life.</summary>
internal sealed class EmbeddedStore : IClusterStore
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (string Value, long Lease)> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<long, (TimeSpan TimeToLive, long Since)> _leases = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision, _lastLease;

    /// <inheritdoc/>
    public Task<long> OpenLeaseAsync(TimeSpan timeToLive, CancellationToken cancel)
    {
        lock (_lock)
        {
            _leases.Add(++_lastLease, (timeToLive, Stopwatch.GetTimestamp()));
            return Task.FromResult(_lastLease);
        }
    }

    /// <inheritdoc/>
    public Task<bool> KeepAliveAsync(long lease, CancellationToken cancel)
    {
        lock (_lock)
        {
            Expire();
            if (!_leases.TryGetValue(lease, out var known))
                return Task.FromResult(false);
            _leases[lease] = (known.TimeToLive, Stopwatch.GetTimestamp());
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task CloseLeaseAsync(long lease, CancellationToken cancel)
    {
        lock (_lock)
            End(lease);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(string key, string value, long lease, CancellationToken cancel)
    {
        lock (_lock)
        {
            Expire();
            if (!_leases.ContainsKey(lease))
                throw new IOException("The lease is over.");
            bool isNew = _entries.TryAdd(key, (value, lease));
            if (isNew)
                Changed();
            return Task.FromResult(isNew);
        }
    }

    /// <inheritdoc/>
    public Task<(IReadOnlyList<KeyValuePair<string, string>> Entries, long Revision)> ListAsync(string prefix, CancellationToken cancel)
    {
        lock (_lock)
        {
            Expire();
            List<KeyValuePair<string, string>> found = [];
            foreach ((string key, (string value, _)) in _entries)
            {
                if (key.StartsWith(prefix, StringComparison.Ordinal))
                    found.Add(new(key, value));
            }
            return Task.FromResult<(IReadOnlyList<KeyValuePair<string, string>>, long)>((found, _revision));
        }
    }

    /// <inheritdoc/>
    public async Task WaitForChangeAsync(string prefix, long revision, CancellationToken cancel)
    {
        Task changed;
        lock (_lock)
        {
            Expire();
            if (_revision > revision)
                return;
            changed = _changed.Task;
        }
        // Leases run out without anybody's doing: look again now and then.
        await Task.WhenAny(changed, Task.Delay(s_patience, cancel)).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Expire()
    {
        foreach ((long lease, (TimeSpan timeToLive, long since)) in _leases.ToArray())
        {
            if (Stopwatch.GetElapsedTime(since) > timeToLive)
                End(lease);
        }
    }

    private void End(long lease)
    {
        if (!_leases.Remove(lease))
            return;
        foreach ((string key, (_, long holder)) in _entries.ToArray())
        {
            if (holder == lease)
                _entries.Remove(key);
        }
        Changed();
    }

    private void Changed()
    {
        _revision++;
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
