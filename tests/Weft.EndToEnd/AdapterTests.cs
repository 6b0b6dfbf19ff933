namespace Weft.EndToEnd;

/// <summary>Debian's RDMA programs, unmodified, in two VMs that share the adapter.</summary>
public sealed class AdapterTests : IAsyncLifetime
{
    private const string Rdma = "ibv_rc_pingpong", Perftest = "ib_write_lat", Managed = "rping", Fabric = "fi_pingpong", Ucx = "ucx_perftest";
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(90);
    private readonly TemporaryFolder _runtime = new();

    /// <summary>Two halves of a case: what the server is given, and the client beside the server's address.</summary>
    public static TheoryData<string, string> Connections => new()
    {
        { "rping -s -C 5 -p {port}", "rping -c -a 127.0.0.1 -C 5 -p {port}" },
        { "ucmatose -c 2 -C 5 -S 1000", "ucmatose -c 2 -C 5 -S 1000 -s 127.0.0.1" },
        { "udaddy -c 2 -C 5 -S 1000", "udaddy -c 2 -C 5 -S 1000 -s 127.0.0.1" },
        { "rdma_server -p {port}", "rdma_client -s 127.0.0.1 -p {port}" },
        { "rdma_xserver -c x -p {port}", "rdma_xclient -s 127.0.0.1 -c x -p {port}" },
        { "rstream -S 4096 -I 5 -p {port}", "rstream -S 4096 -I 5 -s 127.0.0.1 -p {port}" },
        { "riostream -S 4096 -I 5 -p {port}", "riostream -S 4096 -I 5 -s 127.0.0.1 -p {port}" },
        { "rdma_xserver -p {port}", "rdma_xclient -s 127.0.0.1 -p {port}" },
        { "rping -s -C 3 -a 127.0.0.1 -q -p {port}", "rping -c -C 3 -a 127.0.0.1 -q -p {port}" },
    };

    public Task InitializeAsync()
    {
        File.SetUnixFileMode(_runtime.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Task.CompletedTask;
    }

    /// <summary>The daemon is this test's own: it ends with it.</summary>
    public async Task DisposeAsync()
    {
        string daemon = Path.Combine(Path.GetDirectoryName(WeftBinary.Path)!, "weftd");
        await Runs.OnceAsync(new Command(daemon, "--stop", "--force") { Environment = Variables() });
        _runtime.Dispose();
    }

    [VmFact("ibv_devinfo")]
    public async Task Device_is_found()
    {
        var outcome = await Runs.OnceAsync(InVm("ibv_devinfo -v"));
        Assert.True(outcome.Status == 0, outcome.Describe());
        Assert.Contains("mlx4_0", outcome.Output);
        Assert.Contains("PORT_ACTIVE", outcome.Output);
        Assert.Contains("0x02c9", outcome.Output);
    }

    [VmFact("ibv_devices")]
    public async Task Without_the_option_there_is_no_device()
    {
        var outcome = await Runs.OnceAsync(new Command(WeftBinary.Path, "run", "--", Surroundings.Find("ibv_devices")!) { Environment = Variables() });
        Assert.DoesNotContain("mlx4", outcome.Output);
    }

    [VmTheory(Rdma)]
    [InlineData("ibv_rc_pingpong -n 50 -c")]
    [InlineData("ibv_rc_pingpong -n 200 -e -c")]
    [InlineData("ibv_uc_pingpong -n 50")]
    [InlineData("ibv_ud_pingpong -n 50 -e")]
    [InlineData("ibv_srq_pingpong -n 50 -e")]
    [InlineData("ibv_xsrq_pingpong -n 50")]
    public Task Examples_of_libibverbs_meet(string command) => MeetAsync(command + " -p {port}", command + " -p {port} 127.0.0.1");

    [VmTheory(Perftest)]
    [InlineData("ib_write_lat -n 20")]
    [InlineData("ib_write_bw -n 100 -c UC")]
    [InlineData("ib_write_bw -n 100 -a")]
    [InlineData("ib_write_bw -n 100 -c XRC")]
    [InlineData("ib_read_lat -n 100")]
    [InlineData("ib_read_bw -n 100")]
    [InlineData("ib_send_lat -n 20 -e")]
    [InlineData("ib_send_lat -n 20 -c XRC")]
    [InlineData("ib_send_bw -n 100 -c UD")]
    [InlineData("ib_send_bw -n 100 --use-srq")]
    [InlineData("ib_send_bw -n 100 -s 64 -I 64")]
    [InlineData("ib_atomic_lat -n 50 -A CMP_AND_SWAP")]
    [InlineData("ib_atomic_bw -n 50 -A FETCH_AND_ADD")]
    [InlineData("ib_write_bw -n 50 -R")]
    [InlineData("ib_send_bw -n 50 -R -c UD")]
    [InlineData("ib_send_bw -n 20 -x 0")]
    [InlineData("ib_send_bw -n 20 -c XRC --use-srq")]
    [InlineData("ib_send_bw -n 20 -b -e")]
    [InlineData("ib_send_lat -n 20 -c UD -e")]
    [InlineData("ib_read_bw -n 20 -e")]
    [InlineData("ib_write_bw -n 20 -l 4 --mr_per_qp -q 2")]
    [InlineData("ib_write_lat -D 1")]
    [InlineData("ib_atomic_bw -n 50 -c XRC")]
    [InlineData("ib_atomic_lat -n 50 -R")]
    public Task Performance_tests_run(string command) => MeetAsync(command + " -p {port}", command + " -p {port} 127.0.0.1");

    [VmTheory(Managed)]
    [MemberData(nameof(Connections))]
    public Task Programs_of_librdmacm_connect(string server, string client) => MeetAsync(server, client);

    [VmTheory(Fabric)]
    [InlineData("-p verbs -e msg")]
    [InlineData("-p verbs -e dgram")]
    [InlineData("-p verbs;ofi_rxm -e rdm")]
    [InlineData("-p verbs;ofi_rxd -e rdm -c")]
    public Task Libfabric_runs(string options) => MeetAsync($"fi_pingpong {options} -I 5 -B {{port}}", $"fi_pingpong {options} -I 5 -P {{port}} 127.0.0.1");

    [VmTheory(Ucx)]
    [InlineData("rc", "tag_lat")]
    [InlineData("rc", "ucp_put_bw")]
    [InlineData("rc", "ucp_get")]
    [InlineData("rc", "ucp_add")]
    [InlineData("rc", "stream_bw")]
    [InlineData("rc", "ucp_am_bw")]
    [InlineData("ud", "tag_lat")]
    [InlineData("rc", "ucp_fadd")]
    [InlineData("rc", "ucp_cswap")]
    [InlineData("rc", "tag_sync_lat")]
    [InlineData("ud", "ucp_put_bw")]
    [InlineData("ud", "ucp_get")]
    [InlineData("ud", "ucp_add")]
    [InlineData("ud", "stream_bw")]
    [InlineData("ud", "ucp_am_lat")]
    public Task Ucx_runs(string transport, string test) => MeetAsync($"ucx_perftest -t {test} -n 50 -w 5 -p {{port}}", $"ucx_perftest -t {test} -n 50 -w 5 -p {{port}} 127.0.0.1",
        new Dictionary<string, string> { ["UCX_TLS"] = transport, ["UCX_NET_DEVICES"] = "mlx4_0:1" });

    [VmFact("cmtime")]
    public async Task Connections_are_timed()
    {
        string port = FreePort();
        // Its server never ends.
        await using var running = RunningProcess.Start(InVm($"cmtime -p {port}"));
        await Task.Delay(TimeSpan.FromSeconds(1));
        var outcome = await Runs.OnceAsync(InVm($"cmtime -p {port} -c 20 -s 127.0.0.1"));
        await running.SignalAsync("KILL");
        Assert.True(outcome is { Status: 0, Hung: false } && outcome.Output.Contains("disconnect", StringComparison.Ordinal), outcome.Describe());
    }

    /// <summary>Its server forks for each client, and the child opens the adapter.</summary>
    [VmFact("qperf")]
    public async Task Qperf_measures_against_a_server_that_forks()
    {
        string port = FreePort();
        await using var running = RunningProcess.Start(InVm($"qperf -lp {port}"));
        await Task.Delay(TimeSpan.FromSeconds(1));
        var outcome = await Runs.OnceAsync(InVm($"qperf -lp {port} -t 1 127.0.0.1 tcp_lat rc_lat rc_rdma_write_bw ud_lat"));
        await running.SignalAsync("KILL");
        Assert.True(outcome is { Status: 0, Hung: false } && outcome.Output.Contains("ud_lat", StringComparison.Ordinal)
            && !outcome.Error.Contains("failed", StringComparison.Ordinal), outcome.Describe());
    }

    /// <summary>UCX's lower layer, on the queue pairs themselves.</summary>
    [VmTheory(Ucx)]
    [InlineData("rc_verbs", "am_lat")]
    [InlineData("rc_verbs", "put_bw")]
    [InlineData("rc_verbs", "add_lat")]
    [InlineData("rc_verbs", "fadd")]
    [InlineData("ud_verbs", "am_bw")]
    public Task Ucx_transports_run(string transport, string test) =>
        MeetAsync($"ucx_perftest -x {transport} -d mlx4_0:1 -t {test} -s 8 -n 50 -w 5 -p {{port}}", $"ucx_perftest -x {transport} -d mlx4_0:1 -t {test} -s 8 -n 50 -w 5 -p {{port}} 127.0.0.1");

    /// <summary>Both ends must succeed. The client tries again while the server does not listen yet.</summary>
    private async Task MeetAsync(string server, string client, Dictionary<string, string>? more = null)
    {
        string port = FreePort();
        await using var running = RunningProcess.Start(InVm(server.Replace("{port}", port), more));
        await Task.Delay(TimeSpan.FromSeconds(1));
        var outcome = await Runs.OnceAsync(InVm(client.Replace("{port}", port), more));
        var served = await running.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(outcome is { Status: 0, Hung: false }, $"client: {outcome.Describe()}\nserver: {served.Describe()}");
        Assert.True(served is { Status: 0, Hung: false }, $"server: {served.Describe()}");
    }

    private Command InVm(string typed, Dictionary<string, string>? more = null)
    {
        string[] words = typed.Split(' ');
        return new Command(WeftBinary.Path, ["run", "--adapter", "--", Surroundings.Find(words[0])!, .. words[1..]]) { Environment = Variables(more), Timeout = Most };
    }

    private Dictionary<string, string> Variables(Dictionary<string, string>? more = null) => new(more ?? []) { ["XDG_RUNTIME_DIR"] = _runtime.Path };

    private static string FreePort()
    {
        using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
