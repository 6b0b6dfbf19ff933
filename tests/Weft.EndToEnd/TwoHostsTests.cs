using System.Diagnostics;
using System.Globalization;

namespace Weft.EndToEnd;

/// <summary>Debian's RDMA programs between VMs of two hosts, and what they see when the wire or a daemon goes.</summary>
[Collection("Two hosts")]
public sealed class TwoHostsTests(TwoHosts hosts) : IClassFixture<TwoHosts>
{
    private const string Verbs = "/usr/include/infiniband/verbs.h";
    private const string RetriesExceeded = "transport retry counter exceeded|status 12|Failed status";
    private static int s_port = 20000;

    private static string Port => Interlocked.Increment(ref s_port).ToString(CultureInfo.InvariantCulture);

    private static string Server => TwoHosts.AddressOf(2);

    [TwoHostsTheory("ibv_rc_pingpong")]
    [InlineData("rc")]
    [InlineData("rc", "-e", "-c", "-s", "65536")]
    [InlineData("uc")]
    [InlineData("ud")]
    [InlineData("srq")]
    [InlineData("xsrq")]
    public async Task Ping_pong(string transport, params string[] options)
    {
        string[] program = [$"ibv_{transport}_pingpong", "-n", "100", "-p", Port, .. options];
        var (server, client) = await hosts.RunAsync(program, [.. program, Server]);
        foreach (Outcome outcome in new[] { server, client })
        {
            Assert.Matches(@"(?m)\d+ iters in [\d.]+ seconds|^success$", outcome.Output);
            Assert.DoesNotContain("invalid data", outcome.Output + outcome.Error);
        }
    }

    // Few iterations: with both ends polling, two VMs and two engines share what cores there are.
    [TwoHostsTheory("ib_write_bw")]
    [InlineData("ib_send_bw -c UC -s 4096 -e")]
    [InlineData("ib_send_bw -c UD -s 2048")]
    [InlineData("ib_send_bw --use-srq -q 2 -s 4096")]
    [InlineData("ib_send_bw -b -c RC -s 65536")]
    [InlineData("ib_send_lat -e")]
    [InlineData("ib_send_lat -c XRC -I 64")]
    [InlineData("ib_send_lat -R -c UD -s 64")]
    [InlineData("ib_write_bw -s 65536 -q 4")]
    [InlineData("ib_write_bw -c UC -s 65536")]
    [InlineData("ib_write_bw -R")]
    [InlineData("ib_write_lat -c XRC")]
    [InlineData("ib_write_lat -c UC -I 32")]
    [InlineData("ib_read_bw -a -n 5")]
    [InlineData("ib_read_bw -c XRC -q 4")]
    [InlineData("ib_read_lat -s 8")]
    [InlineData("ib_read_lat -e -R")]
    [InlineData("ib_atomic_bw -A CMP_AND_SWAP")]
    [InlineData("ib_atomic_lat -A FETCH_AND_ADD")]
    public async Task Performance_tests_of_rdma_core(string line)
    {
        string[] words = line.Split(' ');
        string[] program = [.. words, .. words.Contains("-n") ? [] : (string[])["-n", "50"], "-F", "-p", Port];
        var (server, client) = await hosts.RunAsync(program, [.. program, Server]);
        AssertResults(client);
        Assert.DoesNotContain("Failed", server.Output + server.Error);
    }

    [TwoHostsTheory("rdma_xserver")]
    [InlineData("ucmatose -c 2 -C 5 -S 1000", "ucmatose -c 2 -C 5 -S 1000 -s {server}")]
    [InlineData("udaddy -c 2 -C 5 -S 1000", "udaddy -c 2 -C 5 -S 1000 -s {server}")]
    [InlineData("rdma_server -p {port}", "rdma_client -s {server} -p {port}")]
    [InlineData("rdma_xserver -p {port}", "rdma_xclient -s {server} -p {port}")]
    [InlineData("rdma_xserver -c x -p {port}", "rdma_xclient -c x -s {server} -p {port}")]
    [InlineData("rstream -S 4096 -I 5 -p {port}", "rstream -S 4096 -I 5 -s {server} -p {port}")]
    public async Task Programs_of_librdmacm_connect(string server, string client)
    {
        string port = Port;
        string[] Words(string line) => line.Replace("{port}", port, StringComparison.Ordinal).Replace("{server}", Server, StringComparison.Ordinal).Split(' ');
        await hosts.RunAsync(Words(server), Words(client));
    }

    [TwoHostsTheory("qperf")]
    [InlineData("rc_rdma_write_bw", "bw")]
    [InlineData("rc_lat", "latency")]
    [InlineData("ud_bw", "send_bw")]
    public async Task Qperf_measures_by_a_server_that_forks(string test, string figure)
    {
        string port = Port;
        await using RunningProcess server = RunningProcess.Start(hosts.Vm(2, ["qperf", "-lp", port]));
        Outcome client = await Runs.OnceAsync(hosts.Vm(1, ["qperf", "-lp", port, "-t", "1", "-ws", "8", Server, test]));
        Assert.True(client.Status == 0, client.Describe());
        Assert.Contains(figure + " ", client.Output);
    }

    [TwoHostsFact("rping")]
    public async Task Rping_validates_its_data()
    {
        string port = Port;
        var (_, client) = await hosts.RunAsync(
            ["rping", "-s", "-V", "-v", "-C", "10", "-a", Server, "-p", port], ["rping", "-c", "-V", "-v", "-C", "10", "-a", Server, "-p", port]);
        Assert.Contains("ping data: rdma-ping-9", client.Output);
    }

    [TwoHostsFact("rping")]
    public async Task A_call_where_nobody_listens_is_refused()
    {
        Outcome outcome = await Runs.OnceAsync(hosts.Vm(1, ["rping", "-c", "-C", "1", "-a", Server, "-p", Port]));
        Assert.False(outcome.Hung, outcome.Describe());
        Assert.Contains("RDMA_CM_EVENT_REJECTED", outcome.Output + outcome.Error);
    }

    [TwoHostsFact("mckey")]
    public async Task Multicast_reaches_another_host()
    {
        const string group = "239.1.2.3";
        await using RunningProcess receiver = RunningProcess.Start(hosts.Vm(2, ["mckey", "-b", Server, "-m", group]));
        // It joins soon after its start, and says nothing of it before its end: what is sent too early is lost, and sent again.
        Task<Outcome> receiving = receiver.WaitAsync(TimeSpan.FromSeconds(15));
        Outcome sender;
        do
        {
            await Task.Delay(500);
            sender = await Runs.OnceAsync(hosts.Vm(1, ["mckey", "-s", "-b", TwoHosts.AddressOf(1), "-m", group]));
        }
        while (sender.Status == 0 && !receiving.IsCompleted);
        Outcome received = await receiving;
        Assert.True(sender.Status == 0 && received is { Status: 0, Hung: false }, $"sender: {sender.Describe()}\nreceiver: {received.Describe()}");
    }

    // All kinds of its tests one after another, in one pair of VMs: to begin takes it longer than a test.
    [TwoHostsTheory("ucx_perftest")]
    [InlineData("rc")]
    [InlineData("ud")]
    public async Task Ucx_over_verbs(string transport)
    {
        string[] tests = ["tag_lat", "tag_bw", "ucp_put_lat", "ucp_put_bw", "ucp_get", "ucp_add", "ucp_fadd",
            "stream_lat", "stream_bw", "ucp_am_lat", "ucp_am_bw"];
        string file = hosts.NewSocket();
        await File.WriteAllLinesAsync(file, tests.Select(test => $"{test} -t {test} -s {SizeOf(test)}"));
        string[] program = ["ucx_perftest", "-p", Port, "-b", file, "-n", "20", "-w", "2", "-f"];
        // Each test makes queues anew; short ones take less memory to make.
        var (_, client) = await hosts.RunAsync(program, [.. program, Server], "--env", $"UCX_TLS={transport}",
            "--env", "UCX_RC_VERBS_RX_QUEUE_LEN=128", "--env", "UCX_RC_VERBS_TX_QUEUE_LEN=64");
        foreach (string test in tests)
            Assert.Matches($@"(?m)^\s*{test}\s+20\s", client.Output);

        static string SizeOf(string test) =>
            test is "ucp_add" or "ucp_fadd" ? "8" : test.EndsWith("bw", StringComparison.Ordinal) ? "65536" : "4096";
    }

    [TwoHostsTheory("ucx_perftest")]
    [InlineData("rc_verbs", "am_lat", "64")]
    [InlineData("rc_verbs", "put_bw", "4096", "-D", "zcopy")]
    [InlineData("rc_verbs", "get", "4096", "-D", "zcopy")]
    [InlineData("rc_verbs", "add_lat", "8")]
    [InlineData("ud_verbs", "am_lat", "64")]
    public async Task Ucx_transport_itself(string transport, string test, string size, params string[] options)
    {
        string[] program = ["ucx_perftest", "-p", Port, "-t", test, "-d", "mlx4_0:1", "-x", transport, "-s", size, "-n", "50", "-w", "5", "-f", .. options];
        var (_, client) = await hosts.RunAsync(program, [.. program, Server]);
        Assert.Matches(@"(?m)^(Final:)?\s+50\s", client.Output);
    }

    [TwoHostsTheory("fi_pingpong")]
    [InlineData("dgram", "verbs")]
    [InlineData("msg", "verbs")]
    [InlineData("rdm", "verbs;ofi_rxm")]
    [InlineData("rdm", "verbs;ofi_rxd")]
    public async Task Libfabric_over_verbs(string endpoint, string provider)
    {
        string port = Port;
        string[] program = ["fi_pingpong", "-p", provider, "-e", endpoint, "-I", "50", "-S", "1024", "-c"];
        var (_, client) = await hosts.RunAsync([.. program, "-B", port], [.. program, "-P", port, Server]);
        Assert.Matches(@"(?m)^1k\s+50\s", client.Output);
    }

    // Not point, which sends from read-only memory: this library registers it for writing, which Linux refuses too.
    // Hydra's ssh launcher with a program of ours in the place of ssh. Ranks don't get mpiexec's environment: it is host 1's.
    [TwoHostsFact("mpiexec.mpich", "mpicc.mpich")]
    public async Task Mpich_over_two_hosts()
    {
        string program = await Programs.BuildAsync("mpi-threads-mpich");
        await AssertJobAsync(program,
            ["mpiexec.mpich", "-launcher", "ssh", "-launcher-exec", hosts.Ssh, "-localhost", TwoHosts.AddressOf(1), "-hosts", $"{TwoHosts.AddressOf(1)},{Server}"],
            "--env", "UCX_TLS=rc,self");
    }

    [TwoHostsFact("mpiexec.openmpi", "mpicc.openmpi")]
    public async Task Open_MPI_over_two_hosts()
    {
        string program = await Programs.BuildAsync("mpi-point-openmpi");
        await AssertJobAsync(program,
            ["mpiexec.openmpi", "--allow-run-as-root", "--mca", "plm_rsh_agent", hosts.Ssh, "--host", $"{TwoHosts.AddressOf(1)},{Server}",
                "--mca", "pml", "ucx", "--mca", "pml_ucx_tls", "any", "--mca", "pml_ucx_devices", "any"],
            "--env", "UCX_TLS=rc,self");
    }

    // No TCP is allowed. A host's ranks share memory and the rest goes over the verbs, as the libraries decide themselves: each host's VMs
    // see a boot id of their own, by which UCX tells hosts apart that are namespaces of one machine.
    [TwoHostsTheory("mpiexec.mpich", "mpicc.mpich", "mpiexec.openmpi", "mpicc.openmpi")]
    [InlineData("mpich", "sm,rc,self")]
    [InlineData("openmpi", "sm,rc,self")]
    public async Task Two_ranks_on_each_host_and_verbs_between(string library, string transports)
    {
        string program = await Programs.BuildAsync($"mpi-nodes-{library}"), first = TwoHosts.AddressOf(1);
        string[] launcher = library == "mpich"
            ? ["mpiexec.mpich", "-launcher", "ssh", "-launcher-exec", hosts.Ssh, "-localhost", first, "-hosts", $"{first}:2,{Server}:2"]
            : ["mpiexec.openmpi", "--allow-run-as-root", "--mca", "plm_rsh_agent", hosts.Ssh, "--host", $"{first}:2,{Server}:2",
                "--mca", "pml", "ucx", "--mca", "pml_ucx_tls", "any", "--mca", "pml_ucx_devices", "any"];
        Outcome outcome = await Runs.OnceAsync(hosts.On(1, [.. launcher, "-n", "4", .. hosts.RankInVm("--env", $"UCX_TLS={transports}"), program]));
        Assert.True(outcome is { Status: 0, Hung: false }, outcome.Describe());
        for (int rank = 0; rank < 4; rank++)
            Assert.Contains($"rank {rank} of 4, 2 on its node\n", outcome.Output);
    }

    [TwoHostsFact(Verbs)]
    public async Task A_wire_that_is_cut_for_a_moment_costs_no_byte()
    {
        // The two agree over a file's socket, which no wire carries.
        string program = await Programs.BuildAsync("rdma_check"), socket = hosts.NewSocket();
        string[] Side(string name) => [program, name, socket, "check", "rc", "poll", "150", "7"];
        Task<(Outcome Server, Outcome Client)> running = hosts.RunAsync(Side("server"), Side("client"));
        await Task.Delay(2000);
        await hosts.DoneAsync("cut");
        await Task.Delay(700);
        await hosts.DoneAsync("mend");
        var (_, client) = await running;
        Assert.Contains("checked 3600 operations", client.Output);
    }

    [TwoHostsFact("ib_write_bw")]
    public async Task A_wire_that_stays_cut_fails_requests_in_bounded_time_and_works_when_mended()
    {
        string[] program = ["ib_write_bw", "-F", "-D", "60", "-s", "4096", "-p", Port];
        await using RunningProcess server = RunningProcess.Start(hosts.Vm(2, program));
        await Task.Delay(700);
        await using RunningProcess client = RunningProcess.Start(hosts.Vm(1, [.. program, Server]));
        await Task.Delay(2500);
        long began = Stopwatch.GetTimestamp();
        await hosts.DoneAsync("cut");
        Outcome outcome = await client.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 12);
        await hosts.DoneAsync("mend");
        Assert.True(outcome is { Hung: false, Status: not 0 }, outcome.Describe());
        Assert.Matches(RetriesExceeded, outcome.Output + outcome.Error);
        await hosts.UntilLinkedAsync();
        await Ping_pong("rc");
    }

    [TwoHostsFact("ib_write_bw")]
    public async Task A_killed_daemon_fails_its_peers_and_another_takes_its_place()
    {
        string[] program = ["ib_write_bw", "-F", "-D", "60", "-s", "4096", "-p", Port];
        await using RunningProcess server = RunningProcess.Start(hosts.Vm(2, program));
        await Task.Delay(700);
        await using RunningProcess client = RunningProcess.Start(hosts.Vm(1, [.. program, Server]));
        await Task.Delay(2500);
        Outcome killing = await Runs.OnceAsync(hosts.On(2, "sh", "-c", "kill -9 $(cat $XDG_RUNTIME_DIR/weft/weftd.lock)"));
        Assert.True(killing.Status == 0, killing.Describe());
        Outcome outcome = await client.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.True(outcome is { Hung: false, Status: not 0 }, outcome.Describe());
        Assert.Matches(RetriesExceeded, outcome.Output + outcome.Error);
        await hosts.DoneAsync("start", "2");
        await hosts.UntilLinkedAsync();
        await Ping_pong("rc");
    }

    private async Task AssertJobAsync(string program, string[] launcher, params string[] options)
    {
        Outcome outcome = await Runs.OnceAsync(hosts.On(1, [.. launcher, "-n", "2", .. hosts.RankInVm(options), program]));
        Assert.True(outcome is { Status: 0, Hung: false }, outcome.Describe());
        Outcome native = await Runs.OnceAsync(hosts.On(1, program.EndsWith("mpich", StringComparison.Ordinal)
            ? ["mpiexec.mpich", "-n", "2", program] : ["mpiexec.openmpi", "--allow-run-as-root", "--oversubscribe", "-n", "2", program]));
        Assert.Equal(Normalise.LineOrder(native.Output), Normalise.LineOrder(outcome.Output));
    }

    private static void AssertResults(Outcome client)
    {
        Assert.Matches(@"(?m)^ ?\d+ +\d+ +[\d.]+", client.Output);
        Assert.DoesNotContain("Failed", client.Output + client.Error);
    }
}
