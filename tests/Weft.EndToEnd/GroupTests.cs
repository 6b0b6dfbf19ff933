using System.Globalization;
using System.Text.Json;

namespace Weft.EndToEnd;

/// <summary>VMs that share memory as processes of one user do: what works in a group, and what stays closed outside it.</summary>
public sealed class GroupTests
{
    [VmTheory]
    [InlineData("0x5eed1")]
    [InlineData("0x5eed2")]
    [InlineData("0x5eed3")]
    public async Task Cross_memory_calls_give_what_they_give_natively(string seed)
    {
        const string rounds = "60";
        Outcome native = await RunPairAsync(null, ["target", seed], ["caller", seed, rounds]);
        Outcome vm = await RunPairAsync(NewGroup(), ["target", seed], ["caller", seed, rounds]);
        Assert.True(Comparison.Exact.Difference(native, vm) is null, $"seed {seed}: {Comparison.Exact.Difference(native, vm)}\n{vm.Describe()}");
        Assert.Contains("done", native.Output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task Copies_are_done_without_an_exit()
    {
        using TemporaryFolder folder = new();
        string report = Path.Combine(folder.Path, "report.json");
        await RunPairAsync(NewGroup(), ["target", "1"], ["caller", "1", "60"], report);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(report));
        Assert.True(document.RootElement.GetProperty("group").GetProperty("copiesWithoutExit").GetInt64() > 10, document.RootElement.ToString());
    }

    [VmFact]
    public async Task Members_may_unmap_and_die_while_they_are_read()
    {
        string group = NewGroup(), file = NewFile(), program = await Programs.BuildAsync("crossmemory");
        try
        {
            Task<Outcome> chase = Runs.OnceAsync(Member(group, program, ["chase", file, "5000"]));
            while (!chase.IsCompleted)
            {
                await using RunningProcess churn = RunningProcess.Start(Member(group, program, ["churn", file]));
                await Task.WhenAny(chase, Task.Delay(TimeSpan.FromMilliseconds(900)));
                await churn.SignalAsync("KILL");
                Assert.Equal("", (await churn.WaitAsync(TimeSpan.FromSeconds(10))).Output);
            }
            Assert.Equal("chased\n", (await chase).Output);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [VmFact]
    public async Task Outside_the_group_nothing_is_shared()
    {
        string file = NewFile(), program = await Programs.BuildAsync("crossmemory");
        try
        {
            await using RunningProcess target = RunningProcess.Start(Member(NewGroup(), program, ["churn", file]));
            Outcome chase = await Runs.OnceAsync(Member(NewGroup(), program, ["chase", file, "1500"]));
            Assert.Equal("idle\n", chase.Output);
            Outcome alone = await Runs.OnceAsync(new Command(program, "chase", file, "500").InVm("auto"));
            Assert.Equal("idle\n", alone.Output);
            await target.SignalAsync("KILL");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [VmFact]
    public async Task Running_VMs_are_listed_paused_resumed_and_ended()
    {
        string group = NewGroup();
        await using RunningProcess first = RunningProcess.Start(Member(group, "/bin/sleep", ["30"], "--name", "one"));
        await using RunningProcess second = RunningProcess.Start(Member(group, "/bin/sleep", ["30"], "--name", "two"));
        await WaitAsync(group, list => list.Count == 2);
        Assert.Equal(0, (await Weft("pause", "--group", group)).Status);
        await WaitAsync(group, list => list.All(vm => vm.State == "paused"));
        Assert.Equal(0, (await Weft("resume", "--group", group)).Status);
        await WaitAsync(group, list => list.All(vm => vm.State == "running"));
        int id = (await ListAsync(group)).Single(vm => vm.Name == "two").ProcessId;
        Assert.Equal(0, (await Weft("kill", id.ToString(CultureInfo.InvariantCulture))).Status);
        Assert.Equal(143, (await second.WaitAsync(TimeSpan.FromSeconds(10))).Status);
        Assert.Equal(0, (await Weft("kill", "--force", "--group", group)).Status);
        Assert.Equal(137, (await first.WaitAsync(TimeSpan.FromSeconds(10))).Status);
        await WaitAsync(group, list => list.Count == 0);
        Assert.Equal(125, (await Weft("kill", "no-such-vm")).Status);
    }

    [VmFact]
    public async Task Odd_group_names_are_refused_in_one_line()
    {
        foreach (string name in (string[])["", "a/b", "..", "-x", "a b", new string('a', 65), "ü"])
        {
            Outcome outcome = await Weft("run", $"--group={name}", "--", "/bin/true");
            Assert.Equal(125, outcome.Status);
            Assert.Single(outcome.Error.TrimEnd('\n').Split('\n'));
        }
        Outcome variable = await Runs.OnceAsync(new Command(WeftBinary.Path, "run", "--", "/bin/true")
        { Environment = new Dictionary<string, string> { ["WEFT_GROUP"] = "../x" } });
        Assert.Equal(125, variable.Status);
    }

    [VmFact]
    public async Task Members_come_and_go_and_leave_nothing_behind()
    {
        string group = NewGroup(), file = NewFile(), program = await Programs.BuildAsync("crossmemory");
        const int members = 40;
        try
        {
            await using RunningProcess target = RunningProcess.Start(Member(group, program, ["churn", file]));
            for (int round = 0; round < members; round++)
                Assert.Equal(0, (await Runs.OnceAsync(Member(group, program, ["chase", file, "20"]))).Status);
            await WaitAsync(group, list => list.Count == 1 && list[0].SharesWith.Count == 0);
            await target.SignalAsync("KILL");
            await target.WaitAsync(TimeSpan.FromSeconds(10));
            await WaitAsync(group, list => list.Count == 0);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed record Listed(int ProcessId, string Name, string State, List<int> SharesWith);

    private static async Task<List<Listed>> ListAsync(string group)
    {
        using JsonDocument document = JsonDocument.Parse((await Weft("ps", "--json")).Output);
        return [.. document.RootElement.EnumerateArray().Where(vm => vm.GetProperty("group").GetString() == group).Select(vm => new Listed(
            vm.GetProperty("processId").GetInt32(), vm.GetProperty("name").GetString()!, vm.GetProperty("state").GetString()!,
            [.. vm.GetProperty("sharesWith").EnumerateArray().Select(id => id.GetInt32())]))];
    }

    private static async Task WaitAsync(string group, Func<List<Listed>, bool> condition)
    {
        const int turns = 200;
        List<Listed> list = [];
        for (int turn = 0; turn < turns; turn++)
        {
            if (condition(list = await ListAsync(group)))
                return;
            await Task.Delay(50);
        }
        Assert.Fail(string.Join('\n', list));
    }

    /// <summary>Starts the target, runs the caller to its end, and gives the caller's outcome.</summary>
    private static async Task<Outcome> RunPairAsync(string? group, string[] target, string[] caller, string? report = null)
    {
        string file = NewFile(), program = await Programs.BuildAsync("crossmemory");
        Command Make(string[] words, params string[] options)
        {
            string[] arguments = [words[0], file, .. words[1..]];
            return group is null ? new Command(program, arguments) : Member(group, program, arguments, options);
        }
        try
        {
            await using RunningProcess running = RunningProcess.Start(Make(target));
            Outcome outcome = await Runs.OnceAsync(Make(caller, report is null ? [] : ["--stats=" + report]));
            Assert.Equal(0, (await running.WaitAsync(TimeSpan.FromSeconds(10))).Status);
            return outcome;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Command Member(string group, string program, string[] arguments, params string[] options) =>
        new(WeftBinary.Path, ["run", "--group", group, .. options, "--", program, .. arguments]);

    private static Task<Outcome> Weft(params string[] words) => Runs.OnceAsync(new Command(WeftBinary.Path, words));

    private static string NewGroup() => $"test-{Guid.NewGuid():N}"[..16];

    private static string NewFile() => $"{(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath())}/weft-cross-{Guid.NewGuid():N}";
}
