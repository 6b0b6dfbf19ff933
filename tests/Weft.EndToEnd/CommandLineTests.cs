using System.Text.Json;

namespace Weft.EndToEnd;

/// <summary>The command-line tool itself: options, exit statuses, and what it says when something is wrong.</summary>
public sealed class CommandLineTests
{
    [VmFact]
    public async Task Program_that_is_not_there_ends_with_127()
    {
        AssertOneLine(await WeftAsync("run", "--", "/nonexistent/program"), 127, "/nonexistent/program");
        AssertOneLine(await WeftAsync("run", "--", "no-such-program-on-the-path"), 127, "no-such-program-on-the-path");
    }

    [VmFact]
    public async Task Program_that_cannot_be_executed_ends_with_126()
    {
        using var folder = new TemporaryFolder();
        string plain = folder.Write("plain", "just text");
        AssertOneLine(await WeftAsync("run", "--", plain), 126, plain);
        File.SetUnixFileMode(plain, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AssertOneLine(await WeftAsync("run", "--", plain), 126, plain);
        AssertOneLine(await WeftAsync("run", "--", folder.Path), 126, folder.Path);
    }

    [VmTheory]
    [InlineData("empty", 0, 0, 0)]
    [InlineData("truncated", 200, 0, 0)]
    [InlineData("other machine", -1, 18, 183)]
    [InlineData("32 bits", -1, 18, 3)]
    [InlineData("no program headers", -1, 56, 0)]
    public async Task Damaged_executable_is_refused(string name, int length, int offset, byte value)
    {
        byte[] image = await File.ReadAllBytesAsync(await Programs.BuildAsync("hello-static"));
        if (length >= 0)
            Array.Resize(ref image, length);
        else
            image[offset] = value;
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, name.Replace(' ', '-'));
        await File.WriteAllBytesAsync(path, image);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        AssertOneLine(await WeftAsync("run", "--", path), 126, path);
    }

    [VmFact]
    public async Task Missing_interpreter_is_named()
    {
        byte[] image = await File.ReadAllBytesAsync(await Programs.BuildAsync("hello"));
        int at = image.AsSpan().IndexOf("/lib64/ld-linux-x86-64.so.2"u8);
        image[at + 1] = (byte)'X';
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "orphan");
        await File.WriteAllBytesAsync(path, image);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var outcome = await WeftAsync("run", "--", path);
        Assert.True(outcome.Status is 126 or 127, outcome.Describe());
        Assert.Contains("/Xib64/ld-linux-x86-64.so.2", outcome.Error);
    }

    [VmFact]
    public async Task Wrong_options_end_with_125_and_a_reason()
    {
        string[][] wrong = [["run", "--nonsense", "--", "/bin/true"], ["run", "--memory", "lots", "--", "/bin/true"], ["run", "--vcpus", "0", "--", "/bin/true"], ["run"]];
        foreach (string[] arguments in wrong)
        {
            var outcome = await WeftAsync(arguments);
            Assert.True(outcome.Status == 125 && outcome.Error.Length > 0, $"{string.Join(' ', arguments)}: {outcome.Describe()}");
            Assert.DoesNotContain("   at ", outcome.Error);
        }
    }

    [VmFact]
    public async Task Help_names_every_option()
    {
        var outcome = await WeftAsync("run", "--help");
        Assert.Equal(0, outcome.Status);
        string[] options = ["--memory", "--vcpus", "--root", "--bind", "--read-only", "--network", "--env", "--cwd", "--name", "--trace", "--stats", "--syscalls"];
        foreach (string option in options)
            Assert.Contains(option, outcome.Output);
        Assert.Contains("weft run", outcome.Output);
        Assert.Equal(0, (await WeftAsync("--help")).Status);
    }

    [VmFact]
    public async Task Doctor_says_what_the_machine_offers()
    {
        var outcome = await WeftAsync("doctor");
        Assert.True(outcome.Status == 0, outcome.Describe());
        foreach (string subject in new[] { "kvm", "userfaultfd", "cgroup", "huge" })
            Assert.Contains(subject, outcome.Output, StringComparison.OrdinalIgnoreCase);
    }

    [VmFact]
    public async Task Bare_name_is_found_on_the_path_and_scripts_run_their_interpreter()
    {
        Assert.Equal("found\n", (await WeftAsync("run", "--", "echo", "found")).Output);
        using var folder = new TemporaryFolder();
        string script = folder.Write("script", "#!/usr/bin/perl -w\nprint \"$0 @ARGV\\n\"; exit 5;\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var outcome = await WeftAsync("run", "--", script, "one", "two");
        Assert.Equal((5, $"{script} one two\n"), (outcome.Status, outcome.Output));
    }

    [VmFact]
    public async Task Environment_and_folder_can_be_chosen()
    {
        var outcome = await WeftAsync("run", "--env", "WEFT_A=one two", "--env", "HOME=/elsewhere", "--cwd", "/usr/lib", "--", await Programs.BuildAsync("echo"));
        Assert.Contains("environment WEFT_A=one two\n", outcome.Output);
        Assert.Contains("environment HOME=/elsewhere\n", outcome.Output);
        Assert.Contains("folder /usr/lib\n", outcome.Output);
    }

    [VmFact]
    public async Task Statistics_are_written_as_JSON()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "stats.json");
        var outcome = await WeftAsync("run", "--stats", file, "--", await Programs.BuildAsync("hello"));
        Assert.Equal((0, "Hello from an ordinary program\n"), (outcome.Status, outcome.Output));
        using var stats = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        Assert.True(stats.RootElement.GetProperty("exits").GetProperty("total").GetInt64() > 0);
        Assert.Contains("write", stats.RootElement.GetProperty("systemCalls").GetRawText());
    }

    [VmFact]
    public async Task Trace_has_a_line_for_each_call()
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "trace");
        var outcome = await WeftAsync("run", "--trace", file, "--", await Programs.BuildAsync("hello"));
        Assert.Equal((0, "Hello from an ordinary program\n"), (outcome.Status, outcome.Output));
        string trace = await File.ReadAllTextAsync(file);
        Assert.Matches("(?m)write\\(1, .*Hello from", trace);
        Assert.Contains("exit_group", trace);
    }

    [VmTheory("nproc")]
    [InlineData("1")]
    [InlineData("3")]
    public async Task Program_sees_the_processors_it_was_given(string count)
    {
        Assert.Equal(count + "\n", (await WeftAsync("run", "--vcpus", count, "--", "nproc")).Output);
        if (Surroundings.Find("/usr/bin/python3.11") is { } python)
            Assert.Equal($"{count} {count}\n", (await WeftAsync("run", "--vcpus", count, "--", python, "-c",
                "import os; print(len(os.sched_getaffinity(0)), open('/proc/cpuinfo').read().count('processor\\t'))")).Output);
    }

    [VmTheory]
    [InlineData("4")]
    public async Task More_threads_than_processors_run(string threads)
    {
        var outcome = await WeftAsync("run", "--vcpus", "1", "--env", $"OMP_NUM_THREADS={threads}", "--", await Programs.BuildAsync("openmp"));
        Assert.Contains("teams 4 4 4 4", outcome.Output);
    }

    [VmFact("/usr/bin/python3.11")]
    public async Task Memory_limit_holds_and_shows()
    {
        const string Python = "/usr/bin/python3.11";
        var within = await WeftAsync("run", "--memory", "256M", "--", Python, "-c", "b = bytearray(64 << 20); print(len(b), open('/proc/meminfo').readline().split()[1])");
        Assert.Equal((0, $"{64 << 20} {256 << 10}\n"), (within.Status, within.Output));
        var beyond = await WeftAsync("run", "--memory", "256M", "--", Python, "-c", "b = [bytearray(16 << 20) for _ in range(64)]; print('too much')");
        Assert.DoesNotContain("too much", beyond.Output);
        // Killed as by a cgroup's limit, or told by MemoryError where the reservation itself failed.
        Assert.True(beyond.Status is 137 or 1, beyond.Describe());
    }

    [VmTheory("/usr/bin/python3.11")]
    [InlineData("[(lambda f: (os.write(f, bytes(4 << 20)), os.close(f)))(os.memfd_create('m')) for _ in range(60)]", 0)]
    [InlineData("f = os.memfd_create('m'); [os.pwrite(f, bytes(1 << 20), i % 20 << 20) for i in range(120)]", 0)]
    [InlineData("f = os.memfd_create('m'); [os.write(f, bytes(1 << 20)) for _ in range(120)]", 137)]
    [InlineData("f = os.memfd_create('m'); os.posix_fallocate(f, 0, 120 << 20)", 137)]
    [InlineData("f = os.memfd_create('m'); os.ftruncate(f, 120 << 20); m = mmap.mmap(f, 120 << 20); [m.write(bytes(1 << 20)) for _ in range(120)]", 137)]
    public async Task Files_in_memory_count_against_the_limit(string script, int status)
    {
        var outcome = await WeftAsync("run", "--memory", "64M", "--", "/usr/bin/python3.11", "-c", "import mmap, os; " + script);
        Assert.True(outcome.Status == status, outcome.Describe());
    }

    [VmFact("/usr/bin/python3.11")]
    public async Task Process_that_shares_memory_is_refused_and_said_once()
    {
        // clone with CLONE_VM, but neither CLONE_VFORK nor CLONE_THREAD.
        var outcome = await WeftAsync("run", "--", "/usr/bin/python3.11", "-c", """
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            for _ in range(3):
                libc.syscall(56, 0x100 | 17, 0, 0, 0, 0)
                print(ctypes.get_errno())
            """);
        Assert.Equal("22\n22\n22\n", outcome.Output);
        Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [VmFact("unshare", Requirements.Root)]
    public async Task Machine_without_KVM_gets_one_clear_line()
    {
        var hidden = await Runs.OnceAsync(new Command("/usr/bin/unshare", "-m", "/bin/sh", "-c",
            $"mount --bind /dev/null /dev/kvm && exec {Shell.Quote(WeftBinary.Path)} run -- /bin/true"));
        AssertOneLine(hidden, 125, "/dev/kvm");
    }

    [VmFact]
    public async Task Nothing_is_left_behind_by_a_run()
    {
        int before = Directory.GetFiles("/dev/shm").Length;
        for (int i = 0; i < 5; i++)
            Assert.Equal(0, (await WeftAsync("run", "--", "/bin/true")).Status);
        Assert.Equal(before, Directory.GetFiles("/dev/shm").Count(name => !name.Contains("weft-shared", StringComparison.Ordinal)));
    }

    private static Task<Outcome> WeftAsync(params string[] arguments) => Runs.OnceAsync(new Command(WeftBinary.Path, arguments));

    private static void AssertOneLine(Outcome outcome, int status, string mention)
    {
        Assert.True(outcome.Status == status, outcome.Describe());
        Assert.Equal("", outcome.Output);
        string line = Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(mention, line);
    }
}
