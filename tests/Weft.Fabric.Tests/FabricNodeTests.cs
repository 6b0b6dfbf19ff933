using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Weft.Fabric.Security;

namespace Weft.Fabric.Tests;

public sealed class FabricNodeTests : IDisposable
{
    private static readonly IPEndPoint s_loopback = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _log = new();
    private readonly List<IDisposable> _resources = [];

    public void Dispose() => _resources.ForEach(resource => resource.Dispose());

    [Fact]
    public void Hosts_with_one_key_exchange_messages_in_order() => Exchange(Key(1), Key(1));

    [Fact]
    public void Hosts_with_certificates_of_one_authority_exchange_messages_in_order()
    {
        using Certificates certificates = new();
        Exchange(certificates.Issue("one"), certificates.Issue("second"));
    }

    [Fact]
    public void Host_with_another_key_is_refused() => Refuse(Key(1), Key(2), "another cluster key");

    [Fact]
    public void Host_with_a_certificate_of_another_authority_is_refused()
    {
        using Certificates ours = new(), others = new();
        // The stranger trusts our authority, but has no certificate of it.
        Refuse(ours.Issue("one"), others.Issue("stranger", ours.AuthorityPath), "no certificate");
    }

    [Fact]
    public void Session_goes_on_after_its_connection_was_cut()
    {
        using Relay relay = new();
        (NodeDriver one, NodeDriver two) = Pair(Key(1), Key(1), relay);
        Assert.True(NodeDriver.Eventually(() => one.IsLinked() && two.IsLinked()));
        for (int i = 0; i < 300; i++)
        {
            Assert.True(NodeDriver.Eventually(() => one.Send(600, BitConverter.GetBytes(i))));
            if (i % 100 == 50)
                relay.Cut();
        }
        Assert.True(NodeDriver.Eventually(() => two.Messages.Count == 300), $"{two.Messages.Count} came");
        Assert.Equal(Enumerable.Range(0, 300), two.Messages.Select(message => BitConverter.ToInt32(message)));
        Assert.Equal((0, 0), (one.Breaks, two.Breaks));
        Assert.True(one.Node.Snapshot()[0].Counts.Resumptions >= 1);
    }

    [Fact]
    public void Restarted_daemon_breaks_the_session_and_begins_another()
    {
        (NodeDriver one, NodeDriver two) = Pair(Key(1), Key(1));
        Assert.True(NodeDriver.Eventually(() => one.IsLinked() && two.IsLinked()));
        Assert.True(one.Send(600, [1]));
        Assert.True(NodeDriver.Eventually(() => two.Messages.Count == 1));
        IPEndPoint address = two.Node.Address;
        two.Dispose();
        NodeDriver again = Start(2, Key(1), address);
        again.Node.SetPeers([Peer(1, one.Node.Address)]);
        Assert.True(NodeDriver.Eventually(() => one.Breaks == 1 && again.IsLinked()));
        Assert.True(NodeDriver.Eventually(() => one.Send(600, [2])));
        Assert.True(NodeDriver.Eventually(() => again.Messages is [[2]]));
    }

    [Fact]
    public void Session_without_a_peer_breaks_in_bounded_time()
    {
        (NodeDriver one, NodeDriver two) = Pair(Key(1), Key(1));
        Assert.True(NodeDriver.Eventually(() => one.IsLinked() && two.IsLinked()));
        two.Dispose();
        Assert.True(one.Send(600, [1]));
        Assert.True(NodeDriver.Eventually(() => one.Breaks == 1, seconds: 8));
    }

    [Fact]
    public void Key_does_not_do_beyond_loopback()
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new FabricNode(
            new FabricOptions { Number = 1, Listen = new IPEndPoint(IPAddress.Any, 0), Security = Key(1) }, null!));
        Assert.Contains("cluster key does not protect", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public void Key_does_on_a_declared_test_network()
    {
        ClusterKey key = new(new byte[32], [IPNetwork.Parse("10.77.0.0/24")]);
        Assert.Null(key.Refusal(IPAddress.Parse("10.77.0.9")));
        Assert.Null(key.Refusal(IPAddress.Parse("::ffff:10.77.0.9")));
        Assert.NotNull(key.Refusal(IPAddress.Parse("10.77.1.9")));
        Assert.NotNull(key.Refusal(IPAddress.Any));
    }

    [Fact]
    public void Key_file_that_others_can_read_is_refused()
    {
        string path = Path.GetTempFileName();
        File.WriteAllBytes(path, new byte[32]);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Throws<ArgumentException>(() => ClusterKey.FromFile(path, []));
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        ClusterKey.FromFile(path, []);
        File.Delete(path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(48)]
    [InlineData(500)]
    public void Stranger_that_sends_noise_gets_nothing(int lengthBytes)
    {
        NodeDriver one = Start(1, Key(1), s_loopback);
        using TcpClient client = new();
        client.Connect(one.Node.Address);
        byte[] noise = new byte[lengthBytes];
        new Random(lengthBytes).NextBytes(noise);
        NetworkStream stream = client.GetStream();
        stream.Write(noise);
        client.Client.Shutdown(SocketShutdown.Send);
        try
        {
            Assert.Equal(0, stream.Read(new byte[100]));
        }
        catch (IOException)
        {
            // Closed with bytes unread: a reset.
        }
    }

    private void Exchange(LinkSecurity first, LinkSecurity second)
    {
        (NodeDriver one, NodeDriver two) = Pair(first, second);
        Assert.True(NodeDriver.Eventually(() => one.IsLinked() && two.IsLinked()), string.Join('\n', _log));
        Random random = new(5);
        byte[][] messages = [.. Enumerable.Range(0, 200).Select(i => { byte[] m = new byte[random.Next(60_000)]; random.NextBytes(m); return m; })];
        foreach (byte[] message in messages)
        {
            Assert.True(NodeDriver.Eventually(() => one.Send(600, message)));
            Assert.True(NodeDriver.Eventually(() => two.Send(256, message)));
        }
        foreach (NodeDriver node in (NodeDriver[])[one, two])
        {
            Assert.True(NodeDriver.Eventually(() => node.Messages.Count == messages.Length));
            Assert.Equal(messages, node.Messages);
            Assert.Equal(0, node.Breaks);
        }
    }

    private void Refuse(LinkSecurity first, LinkSecurity second, string reason)
    {
        (NodeDriver one, NodeDriver two) = Pair(first, second);
        Assert.True(NodeDriver.Eventually(() => _log.Any(line => line.Contains(reason, StringComparison.Ordinal))), string.Join('\n', _log));
        Assert.False(one.IsLinked() || two.IsLinked());
    }

    private (NodeDriver One, NodeDriver Two) Pair(LinkSecurity first, LinkSecurity second, Relay? relay = null)
    {
        NodeDriver one = Start(1, first, s_loopback), two = Start(2, second, s_loopback);
        one.Node.SetPeers([Peer(1, one.Node.Address), Peer(2, relay?.To(two.Node.Address) ?? two.Node.Address)]);
        two.Node.SetPeers([Peer(1, one.Node.Address), Peer(2, two.Node.Address)]);
        return (one, two);
    }

    private NodeDriver Start(ushort number, LinkSecurity security, IPEndPoint address)
    {
        NodeDriver driver = new(new FabricOptions { Number = number, Listen = address, Security = security, Log = _log.Enqueue });
        _resources.Add(driver);
        return driver;
    }

    private static FabricPeer Peer(ushort number, IPEndPoint address) => new(number, $"host{number}", address);

    private static ClusterKey Key(byte value)
    {
        byte[] key = new byte[32];
        Array.Fill(key, value);
        return new ClusterKey(key, []);
    }
}
