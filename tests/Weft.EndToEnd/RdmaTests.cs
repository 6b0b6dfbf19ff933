using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>Debian's RDMA programs, and a checker of our own, between VMs with an adapter.</summary>
public sealed class RdmaTests(AdapterPairFixture fixture) : IClassFixture<AdapterPairFixture>
{
    private const string Verbs = "/usr/include/infiniband/verbs.h";

    private readonly AdapterPair _pair = fixture.Pair;

    [VmFact("ibv_devinfo")]
    public async Task Program_sees_one_active_device()
    {
        Outcome outcome = await Runs.OnceAsync(_pair.Vm(["ibv_devinfo", "-v"]));
        Assert.True(outcome.Status == 0, outcome.Describe());
        Assert.Single(Regex.Matches(outcome.Output, "^hca_id:", RegexOptions.Multiline));
        Assert.Contains("PORT_ACTIVE", outcome.Output);
        Assert.Matches(@"link_layer:\s+InfiniBand", outcome.Output);
        Assert.Matches(@"GID\[\s*0\]:\s+fe80:", outcome.Output);
    }

    [VmTheory("ibv_rc_pingpong")]
    [InlineData("rc")]
    [InlineData("rc", "-e")]
    [InlineData("rc", "-c", "-s", "65536")]
    [InlineData("uc")]
    [InlineData("uc", "-c", "-e")]
    [InlineData("ud")]
    [InlineData("ud", "-e")]
    [InlineData("srq")]
    [InlineData("srq", "-e")]
    [InlineData("xsrq")]
    public async Task Ping_pong(string transport, params string[] options)
    {
        string port = AdapterPair.NewPort();
        string[] program = [$"ibv_{transport}_pingpong", "-p", port, "-n", "100", .. options];
        var (server, client) = await AdapterPair.RunAsync(_pair.Vm(program), _pair.Vm([.. program, "localhost"]), port);
        foreach (Outcome outcome in new[] { server, client })
        {
            Assert.Matches(@"(?m)\d+ iters in [\d.]+ seconds|^success$", outcome.Output);
            Assert.DoesNotContain("invalid data", outcome.Output + outcome.Error);
        }
    }

    [VmTheory("ib_write_bw")]
    [InlineData("ib_send_lat -c RC")]
    [InlineData("ib_send_lat -c UD -s 64")]
    [InlineData("ib_send_lat -c RC -e")]
    [InlineData("ib_send_lat -c XRC")]
    [InlineData("ib_send_bw -c RC -s 1048576")]
    [InlineData("ib_send_bw -c UC -s 4096 -b")]
    [InlineData("ib_send_bw -c UD -s 2048")]
    [InlineData("ib_send_bw -c RC --use-srq -q 2")]
    [InlineData("ib_write_lat -c RC")]
    [InlineData("ib_write_lat -c UC -I 64 -s 32")]
    [InlineData("ib_write_bw -c RC -q 4 -b -s 8192")]
    [InlineData("ib_write_bw -c XRC")]
    [InlineData("ib_read_lat -c RC")]
    [InlineData("ib_read_bw -c RC -a -n 20")]
    [InlineData("ib_read_bw -c XRC -o 4")]
    [InlineData("ib_atomic_lat -c RC -A CMP_AND_SWAP")]
    [InlineData("ib_atomic_bw -c RC -A FETCH_AND_ADD")]
    public async Task Performance_tests_of_rdma_core(string line)
    {
        string port = AdapterPair.NewPort();
        string[] words = line.Split(' ');
        string[] program = [words[0], "-F", "-p", port, .. words.Contains("-n") ? [] : new[] { "-n", "100" }, .. words[1..]];
        var (server, client) = await AdapterPair.RunAsync(_pair.Vm(program), _pair.Vm([.. program, "localhost"]), port);
        AssertResults(client);
        Assert.DoesNotContain("Failed", server.Output + server.Error);
    }

    [VmTheory("ib_write_bw")]
    [InlineData("ib_write_bw -R -n 100")]
    [InlineData("ib_send_lat -R -c UD -s 64 -n 100")]
    public async Task Performance_tests_with_rdma_cm(string line)
    {
        string[] program = [.. line.Split(' '), "-F", "-p", AdapterPair.NewPort()];
        var (_, client) = await AdapterPair.RunInsistingAsync(_pair.Vm(program), _pair.Vm([.. program, "127.0.0.1"]));
        AssertResults(client);
    }

    [VmFact("rping")]
    public async Task Rping_validates_its_data()
    {
        string port = AdapterPair.NewPort();
        var (_, client) = await AdapterPair.RunInsistingAsync(
            _pair.Vm(["rping", "-s", "-V", "-v", "-C", "10", "-a", "127.0.0.1", "-p", port]),
            _pair.Vm(["rping", "-c", "-V", "-v", "-C", "10", "-a", "127.0.0.1", "-p", port]));
        Assert.Contains("ping data: rdma-ping-9", client.Output);
    }

    [VmTheory("ucx_perftest")]
    [InlineData("rc", "tag_lat")]
    [InlineData("rc", "ucp_put_bw")]
    [InlineData("ud", "tag_bw")]
    public async Task Ucx_over_verbs(string transport, string test)
    {
        string port = AdapterPair.NewPort();
        string[] program = ["ucx_perftest", "-p", port, "-t", test, "-n", "200", "-w", "10", "-s", "4096", "-f"];
        string[] options = ["--env", $"UCX_TLS={transport}"];
        var (_, client) = await AdapterPair.RunAsync(_pair.Vm(program, options), _pair.Vm([.. program, "localhost"], options), port);
        Assert.Matches(@"(?m)^(Final:)?\s+200\s", client.Output);
    }

    [VmTheory("fi_pingpong")]
    [InlineData("msg")]
    [InlineData("dgram")]
    public async Task Libfabric_over_verbs(string endpoint)
    {
        string port = AdapterPair.NewPort();
        string[] program = ["fi_pingpong", "-p", "verbs", "-e", endpoint, "-I", "50", "-S", "1024", "-c"];
        var (_, client) = await AdapterPair.RunAsync(_pair.Vm([.. program, "-B", port]), _pair.Vm([.. program, "-P", port, "127.0.0.1"]), port);
        Assert.Matches(@"(?m)^1k\s+50\s", client.Output);
    }

    [VmTheory(Verbs)]
    [InlineData("rc", "poll")]
    [InlineData("rc", "events")]
    [InlineData("uc", "poll")]
    [InlineData("uc", "events")]
    [InlineData("ud", "poll")]
    [InlineData("ud", "events")]
    [InlineData("srq", "poll")]
    [InlineData("srq", "events")]
    public async Task Every_byte_arrives_and_in_order(string transport, string wait)
    {
        string seed = Environment.GetEnvironmentVariable("WEFT_TEST_SEED") is { Length: > 0 } chosen
            ? chosen
            : Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
        string program = await Programs.BuildAsync("rdma_check"), socket = _pair.NewSocket();
        Command Side(string name) => _pair.Vm([program, name, socket, "check", transport, wait, "24", seed]);
        var (server, client) = await AdapterPair.RunAsync(Side("server"), Side("client"), port: null);
        Assert.Contains("checked 576 operations", server.Output);
        Assert.Contains("checked 576 operations", client.Output);
    }

    [VmTheory(Verbs)]
    [InlineData("rc", "poll")]
    [InlineData("rc", "events")]
    [InlineData("ud", "events")]
    [InlineData("srq", "poll")]
    public async Task Every_byte_arrives_by_way_of_two_polling_threads(string transport, string wait)
    {
        await using AdapterPair pair = new("auto");
        Outcome started = await pair.WeftAsync("daemon", "--engine-threads", "2");
        Assert.True(started.Status == 0, started.Describe());
        string program = await Programs.BuildAsync("rdma_check"), socket = pair.NewSocket();
        string seed = Random.Shared.Next().ToString(CultureInfo.InvariantCulture);
        Command Side(string name) => pair.Vm([program, name, socket, "check", transport, wait, "24", seed]);
        var (server, client) = await AdapterPair.RunAsync(Side("server"), Side("client"), port: null);
        Assert.Contains("checked 576 operations", server.Output);
        Assert.Contains("checked 576 operations", client.Output);
        using JsonDocument report = JsonDocument.Parse((await pair.WeftAsync("adapter", "--json")).Output);
        JsonElement threads = report.RootElement.GetProperty("threads");
        Assert.Equal(2, threads.GetArrayLength());
        // Each VM had a thread of its own, which worked.
        Assert.All(threads.EnumerateArray(), thread => Assert.True(thread.GetProperty("processorNs").GetInt64() > 1_000_000, threads.GetRawText()));
    }

    [VmFact(Verbs)]
    public async Task Million_requests_cost_no_exit()
    {
        await using AdapterPair pair = new("poll");
        JsonElement few = await StreamAsync(pair, 10_000);
        long sleeps = await CountSleepsAsync(pair);
        JsonElement many = await StreamAsync(pair, 1_000_000);
        // A doorbell page traps in a sleep only, and the first few posts after it: nobody posted into one while it streamed.
        Assert.InRange(await CountSleepsAsync(pair) - sleeps, 0, 10);
        JsonElement adapter = many.GetProperty("adapter");
        Assert.True(adapter.GetProperty("requests").GetInt64() >= 1_000_000, many.GetRawText());
        Assert.Equal(0, adapter.GetProperty("doorbellExits").GetInt64());
        // Timers and the like of both runs, more on a busy machine: nothing that grows with the requests or their batches.
        const int slack = 1000;
        long more = Exits(many, "total") - Exits(few, "total") - (Exits(many, "interrupted") - Exits(few, "interrupted"));
        Assert.True(more < slack, $"{more} exits more\n10^4: {few.GetRawText()}\n10^6: {many.GetRawText()}");
    }

    [VmFact(Verbs)]
    public async Task Million_requests_ring_only_while_the_engine_sleeps()
    {
        await using AdapterPair pair = new("auto");
        await StreamAsync(pair, 10_000);
        long sleeps = await CountSleepsAsync(pair);
        JsonElement adapter = (await StreamAsync(pair, 1_000_000)).GetProperty("adapter");
        sleeps = await CountSleepsAsync(pair) - sleeps;
        // A few posts after each sleep: who shares its core with others falls behind now and then, and the engine sleeps.
        const int afterSleep = 16;
        Assert.True(adapter.GetProperty("requests").GetInt64() >= 1_000_000, adapter.GetRawText());
        Assert.InRange(adapter.GetProperty("doorbellExits").GetInt64(), 0, afterSleep * (sleeps + 1));
        Assert.InRange(sleeps, 0, 5_000);
    }

    [VmFact(Verbs)]
    public async Task Killed_peer_fails_its_partner_only()
    {
        string program = await Programs.BuildAsync("rdma_check"), socket = _pair.NewSocket();
        Command Side(string name) => _pair.Vm([program, name, socket, "stream", "0"]);
        await using RunningProcess server = RunningProcess.Start(Side("server")), client = RunningProcess.Start(Side("client"));
        await client.WaitForOutputAsync("streaming", TimeSpan.FromSeconds(30));
        string before = await _pair.ReadDaemonIdAsync();
        await server.SignalAsync("KILL");
        Outcome outcome = await client.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(outcome is { Status: 3, Hung: false }, outcome.Describe());
        Assert.Contains("transport retry counter exceeded", outcome.Output);
        await Every_byte_arrives_and_in_order("rc", "poll");
        Assert.Equal(before, await _pair.ReadDaemonIdAsync());
    }

    private static async Task<long> CountSleepsAsync(AdapterPair pair)
    {
        Outcome outcome = await pair.WeftAsync("adapter", "--json");
        Assert.True(outcome.Status == 0, outcome.Describe());
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.GetProperty("sleeps").GetInt64();
    }

    private static long Exits(JsonElement statistics, string reason) => statistics.GetProperty("exits").GetProperty(reason).GetInt64();

    private static async Task<JsonElement> StreamAsync(AdapterPair pair, int requests)
    {
        string program = await Programs.BuildAsync("rdma_check"), socket = pair.NewSocket(), report = pair.NewSocket();
        Command Side(string name, params string[] options) =>
            pair.Vm([program, name, socket, "stream", requests.ToString(CultureInfo.InvariantCulture)], options);
        var (server, _) = await AdapterPair.RunAsync(Side("server"), Side("client", $"--stats={report}"), port: null);
        Assert.Contains($"holds {requests}", server.Output);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        return document.RootElement.Clone();
    }

    /// <summary>A row of figures follows the heading.</summary>
    private static void AssertResults(Outcome client)
    {
        Assert.Contains("#bytes", client.Output);
        Assert.Matches(@"(?m)^ ?\d+ +\d+ +[\d.]+", client.Output);
        Assert.DoesNotContain("Failed", client.Output + client.Error);
    }
}
