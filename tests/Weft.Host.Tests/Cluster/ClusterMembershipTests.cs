using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Weft.Fabric;
using Weft.Host.Cluster;

namespace Weft.Host.Tests.Cluster;

public sealed class ClusterMembershipTests
{
    private const ulong GuidPrefix = 0x0002_c903_0000_0000;
    private readonly ConcurrentQueue<string> _log = new();

    [EtcdFact]
    public void Hosts_of_etcd_get_numbers_of_their_own_and_see_each_other()
    {
        using EtcdServer etcd = new();
        SeeEachOther(() => EtcdStore.Parse(etcd.Address));
    }

    [Fact]
    public void Hosts_of_an_embedded_store_get_numbers_of_their_own_and_see_each_other()
    {
        EmbeddedStore store = new();
        SeeEachOther(() => store);
    }

    [EtcdFact]
    public async Task Hosts_that_join_at_once_never_share_a_number()
    {
        using EtcdServer etcd = new();
        ClusterMembership[] hosts = await Task.WhenAll(Enumerable.Range(0, 12).Select(index => Join(EtcdStore.Parse(etcd.Address), index)));
        Assert.Equal(12, hosts.Select(host => host.Number).Distinct().Count());
        foreach (ClusterMembership host in hosts)
            host.Dispose();
    }

    [EtcdFact]
    public async Task Etcd_that_goes_away_changes_nothing_and_is_told_once()
    {
        using EtcdServer etcd = new();
        using ClusterMembership one = await Join(EtcdStore.Parse(etcd.Address), 1), two = await Join(EtcdStore.Parse(etcd.Address), 2);
        Seen seen = new();
        one.Start(seen.Take);
        Assert.True(Eventually(() => seen.Numbers.SequenceEqual([one.Number, two.Number])));
        etcd.Stop();
        Assert.True(Eventually(() => _log.Any(line => line.Contains("does not answer", StringComparison.Ordinal))));
        await Task.Delay(3000);
        Assert.Equal([one.Number, two.Number], seen.Numbers);
        Assert.Single(_log, line => line.Contains("does not answer", StringComparison.Ordinal));
        etcd.Start();
        Assert.True(Eventually(() => _log.Any(line => line.Contains("answers again", StringComparison.Ordinal))));
    }

    [EtcdFact]
    public async Task Host_whose_lease_ended_registers_again_under_its_number()
    {
        using EtcdServer etcd = new();
        using EtcdStore other = EtcdStore.Parse(etcd.Address);
        LosingStore store = new(EtcdStore.Parse(etcd.Address));
        using ClusterMembership host = await Join(store, 1);
        Seen seen = new();
        host.Start(seen.Take);
        await other.CloseLeaseAsync(store.Lease, default);
        Assert.True(Eventually(() => _log.Any(line => line.Contains("registered again", StringComparison.Ordinal))));
        (var entries, _) = await other.ListAsync(HostRecord.Prefix, default);
        Assert.Equal(HostRecord.KeyOf(host.Number), Assert.Single(entries).Key);
    }

    [Theory]
    [InlineData("http://a:1")]
    [InlineData("etcd://")]
    [InlineData("etcd://host")]
    [InlineData("etcd://a:1,,b:2")]
    public void Address_that_names_no_etcd_is_refused(string address) => Assert.Throws<IOException>(() => EtcdStore.Parse(address));

    [Theory]
    [InlineData("/weft/hosts/001", "{")]
    [InlineData("/weft/hosts/001", "[]")]
    [InlineData("/weft/hosts/001", "{\"name\":1,\"address\":2}")]
    [InlineData("/weft/hosts/999", "{\"name\":\"a\",\"address\":\"10.0.0.1:1\"}")]
    public void Entry_that_is_no_host_is_passed_over(string key, string value) => Assert.Null(HostRecord.Read(key, value));

    [Fact]
    public void Record_is_read_as_it_was_written() => Assert.Equal(
        new FabricPeer(7, "north", IPEndPoint.Parse("10.1.2.3:99")),
        HostRecord.Read(HostRecord.KeyOf(7), HostRecord.Write(7, "north", IPEndPoint.Parse("10.1.2.3:99"), GuidPrefix, [])));

    private void SeeEachOther(Func<IClusterStore> open)
    {
        using ClusterMembership one = Join(open(), 1).Result;
        Seen seen = new();
        one.Start(seen.Take);
        ClusterMembership two = Join(open(), 2).Result;
        two.Start(_ => { });
        Assert.NotEqual(one.Number, two.Number);
        Assert.True(Eventually(() => seen.Numbers.SequenceEqual([one.Number, two.Number])));
        two.Dispose();
        Assert.True(Eventually(() => seen.Numbers.SequenceEqual([one.Number])));
    }

    private Task<ClusterMembership> Join(IClusterStore store, int index) =>
        ClusterMembership.JoinAsync(store, $"host{index}", new IPEndPoint(IPAddress.Loopback, 7000 + index), GuidPrefix, _log.Enqueue);

    private static bool Eventually(Func<bool> condition)
    {
        for (Stopwatch clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < 15;)
        {
            if (condition())
                return true;
            Thread.Sleep(10);
        }
        return condition();
    }

    /// <summary>What a membership told last.</summary>
    private sealed class Seen
    {
        private volatile ushort[] _numbers = [];

        internal ushort[] Numbers => _numbers;

        internal void Take(IReadOnlyList<FabricPeer> peers) => _numbers = [.. peers.Select(peer => peer.Number).Order()];
    }

    /// <summary>Tells the lease, so that the test can end it.</summary>
    private sealed class LosingStore(IClusterStore inner) : IClusterStore
    {
        internal long Lease { get; private set; }

        public async Task<long> OpenLeaseAsync(TimeSpan timeToLive, CancellationToken cancel) => Lease = await inner.OpenLeaseAsync(timeToLive, cancel);

        public Task<bool> KeepAliveAsync(long lease, CancellationToken cancel) => inner.KeepAliveAsync(lease, cancel);

        public Task CloseLeaseAsync(long lease, CancellationToken cancel) => inner.CloseLeaseAsync(lease, cancel);

        public Task<bool> TryCreateAsync(string key, string value, long lease, CancellationToken cancel) => inner.TryCreateAsync(key, value, lease, cancel);

        public Task<(IReadOnlyList<KeyValuePair<string, string>> Entries, long Revision)> ListAsync(string prefix, CancellationToken cancel) => inner.ListAsync(prefix, cancel);

        public Task WaitForChangeAsync(string prefix, long revision, CancellationToken cancel) => inner.WaitForChangeAsync(prefix, revision, cancel);

        public void Dispose() => inner.Dispose();
    }
}
