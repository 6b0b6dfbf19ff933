using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>MPI jobs of MPICH and Open MPI as the distribution has them, a VM a rank, against the same job without VMs.</summary>
public sealed partial class MpiTests
{
    private static readonly Comparison Job = new() { Normalise = text => Normalise.LineOrder(WithoutWarnings(text)), StandardError = false, Status = 0 };

    /// <summary>Programs of tests/programs/mpi and numbers of ranks; 4 are more than many machines have cores.</summary>
    public static IEnumerable<object[]> Jobs =>
    [
        ["point", 2], ["point", 3], ["point", 4], ["collective", 2], ["collective", 4], ["window", 2], ["file", 2], ["threads", 2], ["threads", 3],
        ["fortran", 2],
    ];

    [VmTheory("mpiexec.mpich", "mpicc.mpich", "mpif90.mpich")]
    [MemberData(nameof(Jobs))]
    public Task Mpich_gives_the_same_results(string program, int ranks) => AssertSameJobAsync("mpich", program, ranks, Job);

    [VmTheory("mpiexec.openmpi", "mpicc.openmpi", "mpif90.openmpi")]
    [MemberData(nameof(Jobs))]
    public Task Open_MPI_gives_the_same_results(string program, int ranks) => AssertSameJobAsync("openmpi", program, ranks, Job);

    [VmTheory("mpiexec.mpich", "mpicc.mpich")]
    [InlineData("posix,self,cma")]
    [InlineData("posix,self")]
    [InlineData("tcp,self")]
    [InlineData("sysv,self")]
    [InlineData("sysv,self,cma")]
    public Task Mpich_over_each_transport_of_one_host(string transports) =>
        AssertSameJobAsync("mpich", "point", 2, Job, environment: ("UCX_TLS", transports));

    [VmTheory("mpiexec.openmpi", "mpicc.openmpi")]
    [InlineData("--mca pml ob1 --mca btl self,vader --mca btl_vader_single_copy_mechanism cma")]
    [InlineData("--mca pml ob1 --mca btl self,vader --mca btl_vader_single_copy_mechanism none")]
    [InlineData("--mca pml ob1 --mca btl self,tcp")]
    [InlineData("--mca pml ucx --mca pml_ucx_tls any --mca pml_ucx_devices any")]
    public Task Open_MPI_over_each_transport_of_one_host(string options) =>
        AssertSameJobAsync("openmpi", "point", 2, Job, launcherOptions: options.Split(' '));

    // A rank that exits early is missing: Hydra gives its status or that of those it then kills, natively too.
    [VmTheory("mpiexec.mpich", "mpicc.mpich")]
    [InlineData("abort", 9)]
    [InlineData("signal", 9)]
    [InlineData("spawn", 0)]
    public Task Mpich_jobs_that_end_badly_end_alike(string how, int status) =>
        AssertSameJobAsync("mpich", "ending", 3, Job with { Status = status, StandardError = true, Normalise = FirstWords, MustPrint = "started" }, how);

    [VmTheory("mpiexec.openmpi", "mpicc.openmpi")]
    [InlineData("abort", 9)]
    [InlineData("signal", 137)]
    [InlineData("exit", 5)]
    public Task Open_MPI_jobs_that_end_badly_end_alike(string how, int status) =>
        AssertSameJobAsync("openmpi", "ending", 3, Job with { Status = status, StandardError = true, Normalise = FirstWords, MustPrint = "started" }, how);

    private static async Task AssertSameJobAsync(
        string library, string program, int ranks, Comparison comparison, string? argument = null, string[]? launcherOptions = null, (string, string)? environment = null)
    {
        string path = await Programs.BuildAsync($"mpi-{program}-{library}");
        string[] words = argument is not null ? [argument] : program is "file" or "fortran" ? ["{file}"] : [];
        Dictionary<string, string> variables = environment is var (name, value) ? new() { [name] = value } : [];
        await new MpiJob(library, ranks, [path, .. words]) { LauncherOptions = launcherOptions ?? [], Environment = variables }.AssertSameAsync(comparison);
    }

    /// <summary>Neither the job's processes nor their files, and no VM in the register, outlive a job that ends badly.</summary>
    [VmTheory("mpiexec.mpich", "mpicc.mpich", "mpiexec.openmpi", "mpicc.openmpi")]
    [InlineData("mpich", "abort")]
    [InlineData("mpich", "signal")]
    [InlineData("openmpi", "abort")]
    [InlineData("openmpi", "signal")]
    public async Task Nothing_is_left_of_a_job_that_ends_badly(string library, string how)
    {
        using TemporaryFolder runtime = new();
        string mark = Path.GetFileName(runtime.Path), memory = $"ls -A /dev/shm > {runtime.Path}/";
        MpiJob job = new(library, 3, await Programs.BuildAsync($"mpi-ending-{library}"), how)
        {
            Environment = new Dictionary<string, string> { ["XDG_RUNTIME_DIR"] = runtime.Path },
            Timeout = TimeSpan.FromSeconds(30),
        };
        Command command = job.Command(runtime.Path, WeftBinary.Path, "run", "--");
        // A /dev/shm of its own, where one may have that: others' jobs come and go in the common one.
        bool isAlone = Environment.UserName == "root" && (await Runs.OnceAsync(new Command("unshare", "-m", "mount", "-t", "tmpfs", "none", "/dev/shm"))).Status == 0;
        Outcome outcome = await Runs.OnceAsync(!isAlone ? command : command with
        {
            Program = "unshare",
            Arguments = ["-m", "/bin/sh", "-c", $"mount -t tmpfs none /dev/shm; {command.Typed}; status=$?; sleep 1; {memory}left; exit $status"],
        });
        Assert.True(outcome is { Hung: false, Status: not 0 } && outcome.Output.StartsWith("started\n", StringComparison.Ordinal), outcome.Describe());
        if (isAlone)
            Assert.Equal("", File.ReadAllText(Path.Combine(runtime.Path, "left")));
        const int turns = 50;
        for (int turn = 0; turn < turns && Processes(mark).Length > 0; turn++)
            await Task.Delay(100);
        Assert.Empty(Processes(mark));
        Command list = new(WeftBinary.Path, "ps", "--json") { Environment = job.Environment };
        Assert.Equal("[]", (await Runs.OnceAsync(list)).Output.Trim());
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(runtime.Path, "weft/vms")));
    }

    /// <summary>Processes with a word in their environment.</summary>
    private static string[] Processes(string mark)
    {
        List<string> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (char.IsAsciiDigit(folder["/proc/".Length]) && File.ReadAllText(folder + "/environ").Contains(mark, StringComparison.Ordinal))
                    found.Add(File.ReadAllText(folder + "/cmdline"));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It ended, or is another user's.
            }
        }
        return [.. found];
    }

    /// <summary>The launchers' own reports on a failed job name process ids, and come in any order: what they say of its end.</summary>
    private static string FirstWords(string text) =>
        string.Join('\n', text.Split('\n').Where(line => line is "started" or "spawn refused"
            || line.Contains("EXIT STRING", StringComparison.Ordinal) || line.Contains("EXIT CODE", StringComparison.Ordinal)
            || line.Contains("on signal", StringComparison.Ordinal)));

    private static string WithoutWarnings(string text) => Warning().Replace(text, "");

    [GeneratedRegex("^\\[.*\\] (WARN|DIAG).*$", RegexOptions.Multiline)]
    private static partial Regex Warning();
}
