namespace Weft.EndToEnd;

/// <summary>Programs that execute other programs in their place.</summary>
public sealed class ExecTests
{
    public static IEnumerable<string> Chains =>
    [
        "exec env -i A=b sh -c 'exec printenv'",
        "exec nice -n 5 sh -c 'exec nice'",
        "exec bash -c 'exec -a other sh -c \"echo \\$0\"'",
        "exec bash -c 'exec /nowhere'",
        "exec bash -c 'exec /etc/passwd'",
        "exec bash -c 'trap \"\" USR1 PIPE; exec grep -E Sig.Ign /proc/self/status'",
        "exec sh -c 'exec 5</etc/hostname 6>&1; exec cat <&5 >&6'",
        "exec sh -c 'cd /usr/lib; exec pwd'",
        "exec sh -c 'umask 031; exec sh -c umask'",
        "exec sh -c 'ulimit -n 100; exec sh -c \"ulimit -n\"'",
        "exec setsid -w stdbuf -oL echo line",
        "exec nohup taskset 1 taskset -p 1",
        "exec prlimit --nofile=50 sh -c 'ulimit -n'",
        "exec sh -c 'kill -9 $$'",
        "exec sh -c 'exec sh -c \"exit 7\"'",
        "exec env /lib64/ld-linux-x86-64.so.2 /bin/echo by the loader",
        "exec 0<&- sh -c 'exec cat'",
        "exec sh -c 'exec >&- 2>&-; exec echo nobody reads'",
    ];

    [VmTheory("bash", "nice", "setsid", "stdbuf", "taskset", "prlimit")]
    [EachWay(From = nameof(Chains))]
    public Task Chain_of_programs_ends_as_natively(string line, string way) => NativeAndVm.AssertSameAsync(
        new Command("/bin/sh", "-c", line), way, Comparison.OutputOnly);

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public Task Python_executes_with_an_environment(string way) => NativeAndVm.AssertSameAsync(
        new Command("/usr/bin/python3.11", "-c", "import os; os.execvpe('sh', ['sh', '-c', 'echo $X; exit 7'], {'X': 'y', 'PATH': '/bin'})"),
        way, new Comparison { Status = 7, MustPrint = "y" });

    [VmTheory("perl")]
    [EachWay]
    public Task Perl_executes_under_another_name(string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find("perl")!, "-e", "exec {'/bin/sh'} 'other', '-c', 'echo $0; kill -TERM $$'"), way, new Comparison { Status = 143 });

    [VmTheory("busybox")]
    [EachWay]
    public Task Busybox_shell_executes_its_like(string way) => NativeAndVm.AssertSameAsync(
        new Command(Surroundings.Find("busybox")!, "sh", "-c", "exec busybox tr a-z A-Z") { Input = "words\n" }, way, new Comparison { Status = 0, MustPrint = "WORDS" });

    [VmTheory]
    [EachWay]
    public async Task Script_with_a_line_of_its_own_is_found_on_the_path(string way)
    {
        using TemporaryFolder folder = new();
        string script = Path.Combine(folder.Path, "shim");
        await File.WriteAllTextAsync(script, "#!/usr/bin/env -S sh -e\nexec /usr/bin/printf '%s\\n' \"$0\" \"$@\"\n");
        File.SetUnixFileMode(script, (UnixFileMode)0x1ed);
        await NativeAndVm.AssertSameAsync(new Command("/usr/bin/env", $"PATH={folder.Path}:/usr/bin:/bin", "shim", "a b", "c"), way,
            new Comparison { Status = 0, MustPrint = "a b\nc\n" });
    }

    [VmTheory("/bin/busybox")]
    [EachWay]
    public async Task Narrowed_files_stay_narrowed(string way)
    {
        using TemporaryFolder folder = new();
        string root = Path.Combine(folder.Path, "root"), data = Path.Combine(folder.Path, "data");
        Directory.CreateDirectory(Path.Combine(root, "bin"));
        Directory.CreateDirectory(data);
        File.Copy("/bin/busybox", Path.Combine(root, "bin/busybox"));
        await File.WriteAllTextAsync(Path.Combine(data, "file"), "content\n");
        Command command = new Command("/bin/busybox", "sh", "-c",
            "exec 5</data/file; cd /data; exec busybox sh -c 'pwd; read line <&5; echo $line; echo > /data/other; echo /*; echo > /new; exec busybox ls / /data /etc'")
        { WeftOptions = ["--root", root, "--bind", data + ":/data:ro"] };
        Outcome outcome = await Runs.OnceAsync(command.InVm(way));
        Assert.StartsWith("/data\ncontent\n/bin", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("/etc: No such file", outcome.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(root, "new")));
        Assert.False(File.Exists(Path.Combine(data, "other")));
    }

    [VmTheory]
    [EachWay]
    public async Task Trace_and_statistics_go_on_with_the_next_program(string way)
    {
        using TemporaryFolder folder = new();
        string trace = Path.Combine(folder.Path, "trace"), statistics = Path.Combine(folder.Path, "statistics");
        Outcome outcome = await Runs.OnceAsync(new Command("/bin/sh", "-c", "exec /usr/bin/env true") { WeftOptions = ["--trace=" + trace, "--stats=" + statistics] }.InVm(way));
        Assert.Equal(0, outcome.Status);
        string[] lines = await File.ReadAllLinesAsync(trace);
        Assert.Contains(lines, line => line.Contains("execve(\"/usr/bin/env\"", StringComparison.Ordinal) && line.Contains(" = 0 ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("/true\"", StringComparison.Ordinal) && line.Contains(" = 0 ", StringComparison.Ordinal));
        Assert.EndsWith("+++ exited with 0 +++", lines[^1], StringComparison.Ordinal);
        Assert.Contains("\"program\": \"/usr/bin/true\"", await File.ReadAllTextAsync(statistics), StringComparison.Ordinal);
    }

    [VmTheory("/usr/bin/python3.11")]
    [EachWay]
    public Task Memory_limit_holds_for_the_next_program(string way) => AssertStatusAsync(137, way, ["--memory", "64M"],
        "exec /usr/bin/python3.11 -c 'x = bytearray(100 << 20)'");

    [VmTheory("nproc")]
    [EachWay]
    public Task Processor_count_holds_for_the_next_program(string way) => AssertStatusAsync(0, way, ["--vcpus", "1"], "exec nproc", "1\n");

    private static async Task AssertStatusAsync(int status, string way, string[] options, string line, string? output = null)
    {
        Outcome outcome = await Runs.OnceAsync(new Command("/bin/sh", "-c", line) { WeftOptions = options }.InVm(way));
        Assert.True(outcome.Status == status && (output is null || outcome.Output == output), outcome.Describe());
    }
}
