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

    [VmTheory]
    [InlineData("look")]
    [InlineData("hostile")]
    public async Task A_member_is_what_a_process_is_natively(string how)
    {
        Outcome native = await RunPairAsync(null, ["still"], [how]), vm = await RunPairAsync(NewGroup(), ["still"], [how]);
        Assert.True(Comparison.Exact.Difference(native, vm) is null, $"{Comparison.Exact.Difference(native, vm)}\n{vm.Describe()}");
        Assert.Contains(how == "look" ? "fd opened 1" : "process 0: -1 3", native.Output, StringComparison.Ordinal);
    }

    [VmFact]
    public async Task System_V_segments_are_shared_and_outlive_their_removal()
    {
        string program = await Programs.BuildAsync("segments");
        Outcome[] native = await RunBothAsync(null), vm = await RunBothAsync(NewGroup());
        for (int index = 0; index < native.Length; index++)
            Assert.True(Comparison.Exact.Difference(native[index], vm[index]) is null, $"{Comparison.Exact.Difference(native[index], vm[index])}\n{vm[index].Describe()}");
        Assert.Contains("counter 40000, from the user", native[0].Output, StringComparison.Ordinal);

        async Task<Outcome[]> RunBothAsync(string? group)
        {
            string file = NewFile();
            Command Make(string role) => group is null ? new Command(program, file, role) : Member(group, program, [file, role]);
            try
            {
                return await Task.WhenAll(Runs.OnceAsync(Make("maker")), Runs.OnceAsync(Make("user")));
            }
            finally
            {
                File.Delete(file);
            }
        }
    }

    [VmFact]
    public async Task A_shared_mutex_that_nobody_waits_for_costs_no_exit()
    {
        using TemporaryFolder folder = new();
        string report = Path.Combine(folder.Path, "report.json"), program = await Programs.BuildAsync("shared");
        Outcome outcome = await Runs.OnceAsync(Member(NewGroup(), program, [Path.Combine(folder.Path, "file"), "3", "20000", "1"], "--stats=" + report));
        Assert.Equal("counter 60000 turns 200\n", outcome.Output);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(report));
        // A barrier's last comer always calls; 20,200 turns of the mutex never do.
        const int barriers = 4;
        long calls = document.RootElement.GetProperty("systemCalls").TryGetProperty("futex", out JsonElement futex)
            ? futex.EnumerateObject().Sum(way => way.Value.GetProperty("count").GetInt64()) : 0;
        Assert.InRange(calls, 0, barriers);
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

    /// <summary>The register and the groups' sockets are each user's own; without them a process of another user is what it is natively.</summary>
    [VmFact("setpriv", "python3")]
    public async Task Another_users_group_is_closed()
    {
        if (Environment.UserName != "root")
            return;
        string group = NewGroup();
        await using RunningProcess target = RunningProcess.Start(Member(group, "/bin/sleep", ["30"]));
        await WaitAsync(group, list => list.Count == 1);
        string[] nobody = ["--reuid", "65534", "--regid", "65534", "--groups", (await Runs.OnceAsync(new Command("stat", "-c", "%g", "/dev/kvm"))).Output.Trim()];
        Command Intruder(string runtime, params string[] program) =>
            new("setpriv", [.. nobody, WeftBinary.Path, "run", "--group", group, "--", .. program]) { Environment = new Dictionary<string, string> { ["XDG_RUNTIME_DIR"] = runtime } };
        using TemporaryFolder own = new(), foreign = new();
        await Runs.OnceAsync(new Command("chown", "65534", own.Path));
        if (await Runs.OnceAsync(Intruder(own.Path, "/bin/true")) is { Status: not 0 } refused && refused.Error.Contains("/dev/kvm", StringComparison.Ordinal))
            return;
        Outcome look = await Runs.OnceAsync(Intruder(own.Path, "/usr/bin/python3", "-c", $"""
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            space = ctypes.create_string_buffer(64)
            vector = (ctypes.c_size_t * 2)(ctypes.addressof(space), 64)
            print(libc.process_vm_readv({target.Id}, vector, 1, vector, 1, 0), os.strerror(ctypes.get_errno()), os.path.exists('/proc/{target.Id}/maps'))
            """));
        Assert.Equal("-1 Operation not permitted False\n", look.Output);
        Outcome other = await Runs.OnceAsync(Intruder(foreign.Path, "/bin/true"));
        Assert.Equal(125, other.Status);
        Assert.Single(other.Error.TrimEnd('\n').Split('\n'));
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
        // WEFT_TEST_JOINS=1000 takes minutes where a VM's start takes tens of milliseconds.
        int members = int.TryParse(Environment.GetEnvironmentVariable("WEFT_TEST_JOINS"), out int wanted) ? wanted : 100;
        try
        {
            await using RunningProcess target = RunningProcess.Start(Member(group, program, ["still", file]));
            while (new FileInfo(file) is not { Exists: true, Length: > 0 })
                await Task.Delay(10);
            int before = CountDescriptors(target.Id);
            const int atOnce = 4;
            for (int round = 0; round < members; round += atOnce)
                foreach (Outcome outcome in await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Runs.OnceAsync(Member(group, program, ["visit", file])))))
                    Assert.True(outcome is { Status: 0, Output: "read\n" }, outcome.Describe());
            Assert.InRange(CountDescriptors(target.Id), 0, before + atOnce * 2);
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

    private static int CountDescriptors(int processId) => Directory.GetFiles($"/proc/{processId}/fd").Length;

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
