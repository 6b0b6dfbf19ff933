using System.Net;
using Weft.Fabric;

namespace Weft.Host.Cluster;

/// <summary>
/// This host in its cluster: has a number that no other host has, keeps it by a lease, and tells who else is there.
/// A store that is away changes nothing: the hosts known last go on, and that is said once.
/// </summary>
/// <remarks>Works on the thread pool; <see cref="Start"/>'s receiver is called there, one call at a time.</remarks>
internal sealed class ClusterMembership : IDisposable
{
    private static readonly TimeSpan s_timeToLive = TimeSpan.FromSeconds(6), s_keepEvery = TimeSpan.FromSeconds(2), s_pause = TimeSpan.FromSeconds(1);
    private readonly IClusterStore _store;
    private readonly string _record;
    private readonly Action<string> _log;
    private readonly CancellationTokenSource _end = new();
    private long _lease;
    private Task _keeping = Task.CompletedTask, _watching = Task.CompletedTask;
    private bool _isAway;

    private ClusterMembership(IClusterStore store, ushort number, string record, long lease, Action<string> log) =>
        (_store, Number, _record, _lease, _log) = (store, number, record, lease, log);

    /// <summary>This host's number.</summary>
    internal ushort Number { get; }

    /// <summary>Registers this host.</summary>
    /// <param name="store">Owned from now on.</param>
    /// <param name="name">The host's name, for people.</param>
    /// <param name="address">Where its daemon will listen.</param>
    /// <param name="guidPrefix">The upper part of its VMs' GUIDs.</param>
    /// <param name="log">Told what a person may want to know.</param>
    /// <exception cref="IOException">The store does not answer, or all numbers are taken; one line for the user.</exception>
    internal static async Task<ClusterMembership> JoinAsync(IClusterStore store, string name, IPEndPoint address, ulong guidPrefix, Action<string> log)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(10));
        long lease = await store.OpenLeaseAsync(s_timeToLive, patience.Token).ConfigureAwait(false);
        (var entries, _) = await store.ListAsync(HostRecord.Prefix, patience.Token).ConfigureAwait(false);
        HashSet<ushort> taken = [.. entries.Select(entry => HostRecord.NumberOf(entry.Key))];
        for (ushort number = 1; number <= FabricNode.MostHosts; number++)
        {
            string record = HostRecord.Write(number, name, address, guidPrefix, HostInterfaces.Addresses());
            // Another host may take the same one at this moment: the transaction tells who was first.
            if (!taken.Contains(number) && await store.TryCreateAsync(HostRecord.KeyOf(number), record, lease, patience.Token).ConfigureAwait(false))
                return new ClusterMembership(store, number, record, lease, log);
        }
        throw new IOException($"The cluster has {FabricNode.MostHosts} hosts already, and that is the most.");
    }

    /// <summary>Keeps the number, and tells the hosts there are, now and after each change; this one is among them.</summary>
    internal void Start(Action<IReadOnlyList<FabricPeer>> receive)
    {
        _keeping = KeepAsync();
        _watching = WatchAsync(receive);
    }

    /// <summary>Leaves the cluster.</summary>
    public void Dispose()
    {
        _end.Cancel();
        Task.WaitAll(_keeping, _watching);
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1));
        try
        {
            _store.CloseLeaseAsync(_lease, patience.Token).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The lease runs out by itself.
        }
        _store.Dispose();
        _end.Dispose();
    }

    private async Task KeepAsync()
    {
        for (bool isHeld = true; await PauseAsync(isHeld ? s_keepEvery : s_pause).ConfigureAwait(false);)
        {
            try
            {
                if (isHeld && await _store.KeepAliveAsync(_lease, _end.Token).ConfigureAwait(false))
                    continue;
                isHeld = false;
                _lease = await _store.OpenLeaseAsync(s_timeToLive, _end.Token).ConfigureAwait(false);
                isHeld = await _store.TryCreateAsync(HostRecord.KeyOf(Number), _record, _lease, _end.Token).ConfigureAwait(false);
                _log(isHeld
                    ? $"The lease of host number {Number} was lost; it is registered again."
                    : $"The lease of host number {Number} was lost and another host has the number: restart weftd here.");
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                SayAway(true);
            }
        }
    }

    private async Task WatchAsync(Action<IReadOnlyList<FabricPeer>> receive)
    {
        TimeSpan pause = TimeSpan.Zero;
        while (await PauseAsync(pause).ConfigureAwait(false))
        {
            try
            {
                (var entries, long revision) = await _store.ListAsync(HostRecord.Prefix, _end.Token).ConfigureAwait(false);
                SayAway(false);
                receive([.. entries.Select(entry => HostRecord.Read(entry.Key, entry.Value)).OfType<FabricPeer>()]);
                await _store.WaitForChangeAsync(HostRecord.Prefix, revision, _end.Token).ConfigureAwait(false);
                pause = TimeSpan.Zero;
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException)
            {
                SayAway(true);
                pause = s_pause;
            }
        }
    }

    /// <summary>False when the end has come.</summary>
    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _end.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void SayAway(bool isAway)
    {
        if (_end.IsCancellationRequested || Interlocked.Exchange(ref _isAway, isAway) == isAway)
            return;
        _log(isAway ? "etcd does not answer; the links that are there go on." : "etcd answers again.");
    }
}
