using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Weft.EndToEnd;

/// <summary>Servers in a VM, with clients outside and inside.</summary>
public sealed class ServerTests
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(20);

    [VmTheory("redis-server", "redis-benchmark", "redis-cli")]
    [EachWay]
    public async Task Redis_serves_a_benchmark_and_keeps_its_keys(string way)
    {
        using var folder = new TemporaryFolder();
        int port = FreePort();
        var server = new Command(Surroundings.Find("redis-server")!, "--port", Text(port), "--save", "", "--appendonly", "no", "--dir", folder.Path);
        await using var running = RunningProcess.Start(server.InVm(way));
        await running.WaitForPortAsync(port, StartTime);

        var load = new Command(Surroundings.Find("redis-benchmark")!, "-p", Text(port), "-n", "1000", "-c", "20", "-r", "500", "-d", "100",
            "-t", "set,get,incr,lpush,rpop,sadd,hset,zadd,mset", "-q")
        { Timeout = TimeSpan.FromMinutes(3) };
        var benchmark = await Runs.OnceAsync(load);
        Assert.True(benchmark.Status == 0, benchmark.Describe());
        Assert.Contains("MSET", benchmark.Output);
        var fromVm = await Runs.OnceAsync(load.InVm(way));
        Assert.True(fromVm.Status == 0, fromVm.Describe());

        var client = new Command(Surroundings.Find("redis-cli")!, "-p", Text(port));
        string fill = string.Concat(Enumerable.Range(0, 2000).Select(i => $"SET weft:{i} {i * 7919}\n"));
        Assert.Equal(0, (await Runs.OnceAsync(client with { Input = fill })).Status);
        string ask = string.Concat(Enumerable.Range(0, 2000).Select(i => $"GET weft:{i}\n"));
        string expected = string.Concat(Enumerable.Range(0, 2000).Select(i => $"{i * 7919}\n"));
        Assert.Equal(expected, (await Runs.OnceAsync(client with { Input = ask })).Output);
        Assert.Equal(expected, (await Runs.OnceAsync(client.InVm(way) with { Input = ask })).Output);
        // DEBUG is refused by default; SAVE writes the file without a fork, BGSAVE by a child.
        Assert.StartsWith("Background saving", (await Runs.OnceAsync(client with { Input = "BGSAVE\n" })).Output, StringComparison.Ordinal);
        Outcome information;
        do
            information = await Runs.OnceAsync(client with { Input = "INFO persistence\n" });
        while (information.Output.Contains("rdb_bgsave_in_progress:1", StringComparison.Ordinal));
        Assert.Contains("rdb_last_bgsave_status:ok", information.Output);
        Assert.True(File.Exists(Path.Combine(folder.Path, "dump.rdb")));
        File.Delete(Path.Combine(folder.Path, "dump.rdb"));
        Assert.Equal("OK\n", (await Runs.OnceAsync(client with { Input = "SAVE\n" })).Output);
        Assert.True(File.Exists(Path.Combine(folder.Path, "dump.rdb")));

        await running.SignalAsync("TERM");
        var end = await running.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.True(end is { Status: 0, Hung: false }, end.Describe());
    }

    [VmTheory("iperf3")]
    [EachWay("outside", "inside")]
    public async Task Iperf_moves_data_both_ways(string clientIs, string way)
    {
        int port = FreePort();
        string iperf = Surroundings.Find("iperf3")!;
        await using var server = RunningProcess.Start(new Command(iperf, "-s", "--forceflush", "-p", Text(port)).InVm(way));
        await server.WaitForOutputAsync("Server listening", StartTime);
        foreach (string[] options in new string[][] { [], ["-R"], ["-P", "4"], ["-u", "-b", "50M"] })
        {
            var client = new Command(iperf, ["-c", "127.0.0.1", "-p", Text(port), "-t", "1", "-J", .. options]);
            var outcome = await Runs.OnceAsync(clientIs == "inside" ? client.InVm(way) : client);
            Assert.True(outcome.Status == 0, $"{string.Join(' ', options)}: {outcome.Describe()}\nserver: {server.Output}\n{server.Error}");
            using var report = JsonDocument.Parse(outcome.Output);
            string sum = options.Contains("-u") ? "sum" : "sum_received";
            Assert.True(report.RootElement.GetProperty("end").TryGetProperty(sum, out var received), outcome.Describe());
            long bytes = received.GetProperty("bytes").GetInt64();
            Assert.True(bytes > 1_000_000, $"{string.Join(' ', options)}: only {bytes} bytes arrived");
        }
    }

    [VmTheory("/usr/bin/python3.11", "curl", "wget")]
    [EachWay]
    public async Task Web_server_and_web_clients_meet(string way)
    {
        using var folder = new TemporaryFolder();
        Tree.Plant(folder.Path);
        int port = FreePort();
        var serve = new Command("/usr/bin/python3.11", "-u", "-m", "http.server", Text(port), "--bind", "127.0.0.1");
        await using var server = RunningProcess.Start(serve.InVm(way) with { WorkingDirectory = folder.Path });
        await server.WaitForPortAsync(port, StartTime);
        string url = $"http://127.0.0.1:{port}/tree/";
        string expected = await File.ReadAllTextAsync(Path.Combine(folder.Path, "tree/numbers"));
        string[][] clients = [["curl", "-sf"], ["wget", "-qO-"]];
        foreach (string[] client in clients)
        {
            var get = new Command(Surroundings.Find(client[0])!, client[1], url + "numbers");
            Assert.Equal(expected, (await Runs.OnceAsync(get)).Output);
            Assert.Equal(expected, (await Runs.OnceAsync(get.InVm(way))).Output);
            var missing = get with { Arguments = [client[1], url + "nothing"] };
            Assert.Equal((await Runs.OnceAsync(missing)).Status, (await Runs.OnceAsync(missing.InVm(way))).Status);
        }
        var parallel = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => Runs.OnceAsync(new Command(Surroundings.Find("curl")!, "-sf", $"{url}text/{i}.txt"))));
        Assert.All(parallel, outcome => Assert.Equal(0, outcome.Status));
        await server.SignalAsync("INT");
        Assert.Equal(0, (await server.WaitAsync(TimeSpan.FromSeconds(15))).Status);
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
