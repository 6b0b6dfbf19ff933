namespace Weft.EndToEnd;

/// <summary>What a program is given at its start, and how its end reaches the caller.</summary>
public sealed class StartAndEndTests
{
    [VmTheory]
    [EachWay("hello", "hello-static", "hello-static-pie")]
    public Task Hello_is_printed(string program, string way) =>
        NativeAndVm.AssertProgramSameAsync(program, way, new Comparison { MustPrint = "Hello", Status = 0 });

    [VmTheory]
    [EachWay]
    public async Task Arguments_environment_folder_and_input_arrive_unchanged(string way)
    {
        string input = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i} \u00ff\0 of input\n"));
        var echo = new Command(await Programs.BuildAsync("echo"), "plain", "", "two words", "--stats", "-", "ünï", "$HOME", "a\nb")
        {
            Environment = new Dictionary<string, string> { ["WEFT_TEST"] = "a value", ["EMPTY"] = "", ["LONG"] = new string('v', 50_000) },
            WorkingDirectory = "/usr/share",
            Input = input,
        };
        await NativeAndVm.AssertSameAsync(echo, way, new Comparison { Status = 0, MustPrint = "bytes of input" });
    }

    [VmTheory]
    [EachWay("exit 0", "exit 1", "exit 77", "exit 255", "exit 256", "exit -1", "_exit 3", "return 5", "thread 6", "last 8")]
    public async Task Exit_status_is_the_programs_own(string how, string way) =>
        await NativeAndVm.AssertSameAsync(new Command(await Programs.BuildAsync("leave"), how.Split(' ')), way);

    public static IEnumerable<string> Signals =>
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 23 24 25 26 27 28 29 30 31 34 50 64".Split(' ');

    [VmTheory]
    [EachWay(From = nameof(Signals))]
    public async Task Signal_with_default_action_ends_the_program_or_not(string number, string way) =>
        await NativeAndVm.AssertSameAsync(new Command(await Programs.BuildAsync("leave"), "signal", number), way);

    [VmTheory]
    [EachWay("null", "divide", "illegal", "trap", "privileged", "port", "noncanonical", "jump", "stack", "readonly", "noexec",
        "beyond", "abort")]
    public async Task Fault_ends_the_program_with_its_signal(string kind, string way) =>
        await NativeAndVm.AssertSameAsync(new Command(await Programs.BuildAsync("leave"), kind), way);

    [VmTheory]
    [EachWay("TERM", "INT", "HUP", "USR1", "ALRM")]
    public async Task Signal_sent_to_weft_reaches_the_program(string signal, string way)
    {
        var sleeper = new Command(Surroundings.Find("sleep")!, "60");
        int[] statuses = new int[2];
        foreach (var (command, i) in new[] { (sleeper, 0), (sleeper.InVm(way), 1) })
        {
            await using var running = RunningProcess.Start(command);
            await Task.Delay(400);
            await running.SignalAsync(signal);
            var outcome = await running.WaitAsync(TimeSpan.FromSeconds(10));
            Assert.False(outcome.Hung, $"{command.Typed} survived SIG{signal}");
            statuses[i] = outcome.Status;
        }
        Assert.Equal(statuses[0], statuses[1]);
    }

    [VmTheory("yes", "head")]
    [EachWay]
    public async Task Closed_pipe_ends_the_writer(string way)
    {
        string weft = new Command(Surroundings.Find("yes")!).InVm(way).Typed;
        var outcome = await Runs.OnceAsync(new Command("/bin/bash", "-c", $"{weft} | head -n 3; echo ${{PIPESTATUS[0]}}"));
        Assert.Equal("y\ny\ny\n141\n", outcome.Output);
    }

    [VmTheory]
    [EachWay]
    public async Task Inherited_descriptors_keep_their_numbers(string way)
    {
        using var folder = new TemporaryFolder();
        folder.Write("in", "content of the file");
        var inherit = new Command(await Programs.BuildAsync("inherit"), "7", "33", "9");
        string Script(Command command) => $"rm -f out; exec 7<in 33<>out <&-; {command.Typed} </dev/null; cat out; {command.Typed} <&- >all; cat all";
        var native = await Runs.OnceAsync(new Command("/bin/bash", "-c", Script(inherit)) { WorkingDirectory = folder.Path });
        var vm = await Runs.OnceAsync(new Command("/bin/bash", "-c", Script(inherit.InVm(way))) { WorkingDirectory = folder.Path });
        Assert.Contains("content of the file", native.Output);
        Assert.Equal(native.Output, vm.Output);
    }
}
