using System.Globalization;

namespace Weft.EndToEnd;

/// <summary>VMs of two hosts whose links are encrypted: mutual TLS in the place of a shared key. Not beside the other two hosts: four engines are enough.</summary>
[Collection("Two hosts")]
public sealed class ProtectedHostsTests(TwoProtectedHosts hosts) : IClassFixture<TwoProtectedHosts>
{
    private static int s_port = 22000;

    private static string Server => TwoHosts.AddressOf(2);

    [TwoHostsTheory("ib_write_bw")]
    [InlineData("ib_write_bw -s 65536 -n 200")]
    [InlineData("ib_send_lat -c UD -s 64 -n 50")]
    [InlineData("ib_read_lat -n 50 -R")]
    [InlineData("ibv_rc_pingpong -c -s 65536 -n 50")]
    public async Task Programs_talk_over_encrypted_links(string line)
    {
        string port = Interlocked.Increment(ref s_port).ToString(CultureInfo.InvariantCulture);
        string[] program = [.. line.Split(' '), "-p", port];
        var (_, client) = await hosts.RunAsync(program, [.. program, Server]);
        Assert.DoesNotContain("invalid data", client.Output + client.Error);
    }
}
