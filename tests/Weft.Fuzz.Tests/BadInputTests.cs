using System.Text;

namespace Weft.Fuzz.Tests;

/// <summary>What can't run is refused by one line that names the cause, and the status that a shell would give.</summary>
public sealed class BadInputTests
{
    private const int NotExecutable = 126, NotFound = 127, Failed = 125, Killed = 137;

    [VmFact("gcc")]
    public async Task A_text_is_no_program() => await AssertRefusedAsync("hello there\n"u8.ToArray(), NotExecutable, "not an ELF file");

    [VmFact("gcc")]
    public async Task An_empty_file_is_no_program() => await AssertRefusedAsync([], NotExecutable, "empty");

    [VmFact("gcc")]
    public async Task Another_architecture_is_named()
    {
        byte[] program = await TinyAsync();
        const int machine = 18;
        program[machine] = 183;
        await AssertRefusedAsync(program, NotExecutable, "AArch64");
    }

    [VmFact("gcc")]
    public async Task A_truncated_program_is_told_from_a_whole_one()
    {
        byte[] program = await TinyAsync();
        foreach (int length in (int[])[3, 5, 20, 63, 64, 100, 200])
            await AssertRefusedAsync(program[..length], NotExecutable, "");
    }

    [VmFact("gcc")]
    public async Task A_missing_interpreter_is_named()
    {
        byte[] program = File.ReadAllBytes("/bin/true");
        int at = program.AsSpan().IndexOf("ld-linux-x86-64.so.2"u8);
        Assert.True(at > 0);
        "ld-linux-x86-64.so.9"u8.CopyTo(program.AsSpan(at));
        await AssertRefusedAsync(program, NotFound, "/lib64/ld-linux-x86-64.so.9");
        await AssertRefusedAsync("#!/no/such/interpreter\n"u8.ToArray(), NotFound, "/no/such/interpreter");
    }

    [VmFact("gcc")]
    public async Task A_file_without_permission_is_refused() =>
        await AssertRefusedAsync(await TinyAsync(), NotExecutable, "permission", UnixFileMode.UserRead | UnixFileMode.UserWrite);

    [VmFact]
    public async Task A_directory_is_no_program() => AssertOneLine(await WeftAsync("run", "--", "/tmp"), NotExecutable, "/tmp");

    [VmFact]
    public async Task A_missing_program_is_named()
    {
        AssertOneLine(await WeftAsync("run", "--", "/no/such/program"), NotFound, "/no/such/program");
        AssertOneLine(await WeftAsync("run", "--", "no-such-program"), NotFound, "no-such-program");
    }

    [VmFact(Requirements.Root, "unshare")]
    public async Task A_host_without_KVM_gets_one_clear_line()
    {
        using var folder = new TemporaryFolder();
        string empty = folder.Write("kvm", "");
        string missing = $"mkdir {folder.Path}/dev && mount --bind {folder.Path}/dev /dev && exec {Shell.Quote(WeftBinary.Path)} run -- /bin/true";
        string other = $"mount --bind {empty} /dev/kvm && exec {Shell.Quote(WeftBinary.Path)} run -- /bin/true";
        AssertOneLine(await Runs.OnceAsync(new Command("unshare", "--mount", "sh", "-c", missing)), Failed, "/dev/kvm");
        AssertOneLine(await Runs.OnceAsync(new Command("unshare", "--mount", "sh", "-c", other)), Failed, "/dev/kvm");
    }

    [VmFact(Requirements.Root, "unshare", "setpriv")]
    public async Task A_user_without_permission_for_KVM_gets_one_clear_line()
    {
        using var folder = new TemporaryFolder();
        // The binary where everybody can read it, and a /dev/kvm that nobody else may open.
        string script = $"mount -t tmpfs -o mode=755 t {folder.Path} && cp {Shell.Quote(WeftBinary.Path)} {folder.Path}/weft && chmod 755 {folder.Path}/weft"
            + $" && mknod {folder.Path}/kvm c 10 232 && chmod 600 {folder.Path}/kvm && mount --bind {folder.Path}/kvm /dev/kvm && cd /"
            + $" && exec setpriv --reuid 65534 --regid 65534 --clear-groups {folder.Path}/weft run -- /bin/true";
        AssertOneLine(await Runs.OnceAsync(new Command("unshare", "--mount", "sh", "-c", script)), Failed, "kvm");
    }

    [VmFact("perl")]
    public async Task Too_little_memory_ends_the_program_as_a_cgroup_would_and_says_so() =>
        AssertOneLine(await WeftAsync("run", "--memory", "1M", "--", "perl", "-e", "$x = 1 x 4194304"), Killed, "limit of 1024 KiB");

    [VmFact("gcc")]
    public async Task A_program_that_reaches_its_memory_limit_is_killed_and_the_host_keeps_its_memory()
    {
        const long limitKib = 64 << 10, vmmKib = 96 << 10;
        string hog = Path.Combine(await FuzzPrograms.FolderAsync(), "hog");
        await using var running = RunningProcess.Start(new Command(WeftBinary.Path, "run", "--memory", "64M", "--", hog, "2048"));
        long peakKib = 0;
        var end = running.WaitAsync(TimeSpan.FromSeconds(60));
        while (!end.IsCompleted)
        {
            peakKib = Math.Max(peakKib, PeakKib(running.Id));
            await Task.WhenAny(end, Task.Delay(5));
        }
        var outcome = await end;
        Assert.True(outcome.Status == Killed, outcome.Describe());
        Assert.Contains("32 MiB\n", outcome.Output, StringComparison.Ordinal);
        Assert.InRange(peakKib, 1, limitKib + vmmKib);
    }

    [VmFact("perl")]
    public async Task An_unknown_system_call_is_refused_and_counted()
    {
        using var folder = new TemporaryFolder();
        string stats = Path.Combine(folder.Path, "stats");
        var outcome = await WeftAsync("run", $"--stats={stats}", "--", "perl", "-e", "exit(syscall(9999) == -1 ? $!+0 : 0)");
        const int noSuchCall = 38;
        Assert.True(outcome.Status == noSuchCall, outcome.Describe());
        Assert.Contains("\"syscall_9999\": 1", await File.ReadAllTextAsync(stats), StringComparison.Ordinal);
    }

    [VmFact("perl")]
    public async Task Paths_that_cannot_be_read_leave_other_descriptors_alone()
    {
        // stat, chmod, truncate, statfs, getxattr, inotify_add_watch, statx with a path at address 8.
        const string calls = "for my $n (4, 90, 76, 137, 191) { syscall($n, 8, 8, 8, 8) == -1 or die $n } syscall(254, 3, 8, 8); syscall(332, -100, 8, 0, 0, 8); print <STDIN>";
        var outcome = await Runs.OnceAsync(new Command(WeftBinary.Path, "run", "--", "perl", "-e", calls) { Input = "still here\n" });
        Assert.True(outcome is { Status: 0, Output: "still here\n" }, outcome.Describe());
    }

    private static async Task<byte[]> TinyAsync() => await File.ReadAllBytesAsync(Path.Combine(await FuzzPrograms.FolderAsync(), "tiny"));

    private static Task<Outcome> WeftAsync(params string[] words) => Runs.OnceAsync(new Command(WeftBinary.Path, words));

    private static async Task AssertRefusedAsync(byte[] content, int status, string cause,
        UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "program");
        await File.WriteAllBytesAsync(path, content);
        File.SetUnixFileMode(path, mode);
        AssertOneLine(await WeftAsync("run", "--", path), status, cause);
    }

    private static void AssertOneLine(Outcome outcome, int status, string cause)
    {
        Assert.True(outcome.Status == status, outcome.Describe());
        Assert.StartsWith("weft: ", outcome.Error, StringComparison.Ordinal);
        Assert.True(outcome.Error.AsSpan().Count('\n') == 1 && outcome.Error.EndsWith('\n'), outcome.Describe());
        Assert.Contains(cause, outcome.Error, StringComparison.Ordinal);
    }

    private static long PeakKib(int id)
    {
        try
        {
            string line = File.ReadLines($"/proc/{id}/status", Encoding.Latin1).First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
            return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return 0;
        }
    }
}
