using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>MPI jobs of MPICH and Open MPI as the distribution has them, a VM a rank, against the same job without VMs.</summary>
public sealed partial class MpiTests
{
    private static readonly Comparison Job = new() { Normalise = text => Normalise.LineOrder(WithoutWarnings(text)), StandardError = false, Status = 0 };

    [VmTheory("mpiexec.mpich", "mpicc.mpich", "mpif90.mpich")]
    [InlineData("point", 2)]
    [InlineData("point", 3)]
    [InlineData("collective", 2)]
    [InlineData("window", 2)]
    [InlineData("file", 2)]
    [InlineData("threads", 2)]
    [InlineData("fortran", 2)]
    public Task Mpich_gives_the_same_results(string program, int ranks) => AssertSameJobAsync("mpich", program, ranks, Job);

    [VmTheory("mpiexec.openmpi", "mpicc.openmpi", "mpif90.openmpi")]
    [InlineData("point", 2)]
    [InlineData("point", 3)]
    [InlineData("collective", 2)]
    [InlineData("window", 2)]
    [InlineData("file", 2)]
    [InlineData("threads", 2)]
    [InlineData("fortran", 2)]
    public Task Open_MPI_gives_the_same_results(string program, int ranks) => AssertSameJobAsync("openmpi", program, ranks, Job);

    [VmTheory("mpiexec.mpich", "mpicc.mpich")]
    [InlineData("posix,self,cma")]
    [InlineData("posix,self")]
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
    [InlineData("spawn", 0)]
    public Task Mpich_jobs_that_end_badly_end_alike(string how, int status) =>
        AssertSameJobAsync("mpich", "ending", 3, Job with { Status = status, Normalise = FirstWords, MustPrint = "started" }, how);

    [VmTheory("mpiexec.openmpi", "mpicc.openmpi")]
    [InlineData("abort", 9)]
    [InlineData("signal", 137)]
    [InlineData("exit", 5)]
    public Task Open_MPI_jobs_that_end_badly_end_alike(string how, int status) =>
        AssertSameJobAsync("openmpi", "ending", 3, Job with { Status = status, Normalise = FirstWords, MustPrint = "started" }, how);

    // Debian builds it with Open MPI.
    [VmFact("mpiexec.openmpi", "python3", "/usr/lib/python3/dist-packages/mpi4py")]
    public Task Python_ranks() =>
        AssertSameAsync("openmpi", 2, [], ["/usr/bin/python3", "-c", """
            import zlib
            from mpi4py import MPI
            world = MPI.COMM_WORLD
            rank, size = world.Get_rank(), world.Get_size()
            data = bytes((rank * 3 + i * 7) & 255 for i in range(300000))
            got = world.sendrecv(data, dest=(rank + 1) % size, source=(rank - 1) % size)
            sums = world.gather(zlib.crc32(got), root=0)
            total = world.allreduce({'rank': rank}['rank'], op=MPI.SUM)
            if rank == 0:
                print('sums', sums, 'total', total)
            """], Job with { MustPrint = "total 1" });

    /// <summary>HPC Challenge: Linpack, transposition, random access, FFT and STREAM, each checking its own result.</summary>
    [VmFact("mpiexec.openmpi", "hpcc")]
    public async Task Hpc_challenge_finds_its_results_right()
    {
        using TemporaryFolder folder = new();
        folder.Write("hpccinf.txt", """
            HPLinpack benchmark input file
            of a small square
            HPL.out
            6
            1
            600
            1
            80
            0
            1
            1
            2
            16.0
            1
            2
            1
            4
            1
            2
            1
            1
            1
            0
            1
            1
            1
            0
            2
            64
            0
            0
            1
            8
            (this line is ignored)
            0
            1200
            0
            40

            """);
        Command command = new("mpiexec.openmpi", "--oversubscribe", "-n", "2", WeftBinary.Path, "run", "--", "/usr/bin/hpcc")
        {
            WorkingDirectory = folder.Path,
            Timeout = TimeSpan.FromSeconds(120),
            Environment = new Dictionary<string, string> { ["OMPI_ALLOW_RUN_AS_ROOT"] = "1", ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1" },
        };
        Outcome outcome = await Runs.OnceAsync(command);
        Assert.True(outcome.Status == 0, outcome.Describe());
        string results = File.ReadAllText(Path.Combine(folder.Path, "hpccoutf.txt"));
        Assert.Contains("Success=1", results, StringComparison.Ordinal);
        Assert.Contains("1 tests completed and passed residual checks", results, StringComparison.Ordinal);
    }

    private static async Task AssertSameJobAsync(
        string library, string program, int ranks, Comparison comparison, string? argument = null, string[]? launcherOptions = null, (string, string)? environment = null)
    {
        string path = await Programs.BuildAsync($"mpi-{program}-{library}");
        string[] file = argument is not null ? [argument] : program is "file" or "fortran" ? ["{file}"] : [];
        await AssertSameAsync(library, ranks, launcherOptions ?? [], [path, .. file], comparison, environment);
    }

    private static async Task AssertSameAsync(
        string library, int ranks, string[] launcherOptions, string[] program, Comparison comparison, (string Name, string Value)? environment = null)
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> variables = new() { ["OMPI_ALLOW_RUN_AS_ROOT"] = "1", ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1" };
        if (environment is { } one)
            variables.Add(one.Name, one.Value);
        string[] oversubscribe = library == "openmpi" ? ["--oversubscribe"] : [];
        Command Launch(string kind, params string[] before) => new(
            $"mpiexec.{library}",
            [.. oversubscribe, .. launcherOptions, "-n", ranks.ToString(), .. before, .. program.Select(word => word.Replace("{file}", Path.Combine(folder.Path, kind)))])
        {
            Environment = variables,
            Timeout = TimeSpan.FromSeconds(90),
        };
        // One after the other: ranks that wait poll, and take each other's cores.
        Outcome native = await Runs.OnceAsync(Launch("native")), vm = await Runs.OnceAsync(Launch("vm", WeftBinary.Path, "run", "--"));
        if (comparison.Difference(native, vm) is { } difference)
            Assert.Fail($"{difference}\nVM: {vm.Describe()}\nnative: {native.Describe()}");
    }

    /// <summary>The launchers' own reports on a failed job name process ids, and come in any order.</summary>
    private static string FirstWords(string text) =>
        string.Join('\n', text.Split('\n').Where(line => line is "started" or "spawn refused"));

    private static string WithoutWarnings(string text) => Warning().Replace(text, "");

    [GeneratedRegex("^\\[.*\\] (WARN|DIAG).*$", RegexOptions.Multiline)]
    private static partial Regex Warning();
}
