using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>Single properties of the RDMA device, by a program that is connected with itself; and what VMs do to each other.</summary>
public sealed class RdmaCallTests(AdapterPairFixture fixture) : IClassFixture<AdapterPairFixture>
{
    private const string Verbs = "/usr/include/infiniband/verbs.h";

    private readonly AdapterPair _pair = fixture.Pair;

    [VmTheory(Verbs)]
    [InlineData("timestamps")]
    [InlineData("clock")]
    [InlineData("established")]
    [InlineData("reregister")]
    [InlineData("window")]
    [InlineData("multicast")]
    [InlineData("queries")]
    public async Task Call_does_as_the_specification_says(string which)
    {
        Outcome outcome = await Runs.OnceAsync(_pair.Vm([await Programs.BuildAsync("rdma_calls"), which]));
        Assert.True(outcome.Status == 0 && outcome.Output.Contains("as it should be", StringComparison.Ordinal), outcome.Describe());
    }

    [VmTheory("mckey")]
    [InlineData("127.0.0.1", "239.1.2.3")]
    [InlineData("::1", "ff15::1:2")]
    public async Task Multicast_reaches_a_program(string address, string group)
    {
        await using RunningProcess receiver = RunningProcess.Start(_pair.Vm(["mckey", "-b", address, "-m", group]));
        string pairs = "";
        for (int turn = 0; turn < 100 && !pairs.Contains("\"UD\"", StringComparison.Ordinal); turn++)
        {
            await Task.Delay(100);
            pairs = (await _pair.WeftAsync("adapter", "--queue-pairs", "--json")).Output;
        }
        // It joins right after it has its queue pair, and says nothing of it before its end.
        await Task.Delay(1000);
        Task<Outcome> receiving = receiver.WaitAsync(TimeSpan.FromSeconds(30));
        Outcome sender;
        int tries = 0;
        do
        {
            // What is sent before the receiver joined is lost, as datagrams may be: the sender insists.
            sender = await Runs.OnceAsync(_pair.Vm(["mckey", "-s", "-b", address, "-m", group]));
            await Task.WhenAny(receiving, Task.Delay(1000));
        }
        while (!receiving.IsCompleted && sender.Status == 0 && ++tries < 4);
        Outcome received = await receiving;
        Assert.True(sender.Status == 0 && received is { Status: 0, Hung: false }, $"sender: {sender.Describe()}\nreceiver: {received.Describe()}");
    }

    [VmFact(Verbs)]
    public async Task Daemon_with_another_engine_is_told_of()
    {
        Outcome started = await Runs.OnceAsync(_pair.Vm(["ibv_devinfo"]));
        Assert.True(started.Status == 0 && started.Error == "", started.Describe());
        Outcome other = await _pair.WeftAsync("run", "--adapter=poll", "--", "ibv_devinfo");
        Assert.True(other.Status == 0, other.Describe());
        Assert.Equal("weft: weftd runs with the engine 'auto', not 'poll'; end its VMs and run 'weft daemon --stop' to have it otherwise\n", other.Error);
        Outcome any = await _pair.WeftAsync("run", "--adapter", "--", "ibv_devinfo");
        Assert.True(any.Status == 0 && any.Error == "", any.Describe());
    }

    [VmFact(Verbs)]
    public async Task Control_calls_of_one_VM_leave_another_its_latency()
    {
        string program = await Programs.BuildAsync("rdma_calls");
        await using RunningProcess attacker = RunningProcess.Start(_pair.Vm([program, "churn", "60"]));
        Outcome victim = await Runs.OnceAsync(_pair.Vm([program, "latency", "3000"]));
        Assert.True(victim.Status == 0, victim.Describe());
        double median = double.Parse(Regex.Match(victim.Output, @"median (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        // Three that want two cores: some of it is waiting for one.
        Assert.InRange(median, 0, 1_000_000);
    }

    [VmFact(Verbs)]
    public async Task VMs_killed_at_any_instant_leave_nothing()
    {
        int seed = Environment.GetEnvironmentVariable("WEFT_TEST_SEED") is { Length: > 0 } chosen ? int.Parse(chosen, CultureInfo.InvariantCulture) : Random.Shared.Next();
        Random random = new(seed);
        string program = await Programs.BuildAsync("rdma_check");
        await Runs.OnceAsync(_pair.Vm(["ibv_devinfo"]));
        int descriptors = await CountDescriptorsAsync();
        for (int round = 0; round < 6; round++)
        {
            string socket = _pair.NewSocket();
            string[] plan = random.Next(2) == 0 ? ["stream", "0"] : ["check", random.Next(2) == 0 ? "rc" : "ud", random.Next(2) == 0 ? "poll" : "events", "1000000", "7"];
            Command Side(string name) => _pair.Vm([program, name, socket, .. plan]);
            await using RunningProcess server = RunningProcess.Start(Side("server")), client = RunningProcess.Start(Side("client"));
            await Task.Delay(random.Next(50, 1200));
            await (random.Next(2) == 0 ? server : client).SignalAsync("KILL");
            await Task.Delay(random.Next(100));
            await server.SignalAsync("KILL");
            await client.SignalAsync("KILL");
            await server.WaitAsync(TimeSpan.FromSeconds(10));
            await client.WaitAsync(TimeSpan.FromSeconds(10));
        }
        (int vms, int left) = (-1, -1);
        for (int turn = 0; turn < 50 && (vms, left) != (0, descriptors); turn++)
        {
            await Task.Delay(100);
            (vms, left) = (await CountVmsAsync(), await CountDescriptorsAsync());
        }
        Assert.True((vms, left) == (0, descriptors), $"seed {seed}: {vms} VMs are left, {left} descriptors instead of {descriptors}");
        await Call_does_as_the_specification_says("queries");
    }

    private async Task<int> CountVmsAsync()
    {
        Outcome outcome = await _pair.WeftAsync("adapter", "--json");
        Assert.True(outcome.Status == 0, outcome.Describe());
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.GetProperty("vms").GetArrayLength();
    }

    /// <summary>The daemon's, but for the connections of its HTTP interface.</summary>
    private async Task<int> CountDescriptorsAsync()
    {
        string folder = $"/proc/{(await _pair.ReadDaemonIdAsync()).Trim()}/fd";
        return Directory.EnumerateFileSystemEntries(folder).Count(path => new FileInfo(path).LinkTarget is { } target && !target.StartsWith("socket:", StringComparison.Ordinal));
    }
}
