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
        AssertSameJobAsync("mpich", "ending", 3, Job with { Status = status, Normalise = FirstWords, MustPrint = "started" }, how);

    [VmTheory("mpiexec.openmpi", "mpicc.openmpi")]
    [InlineData("abort", 9)]
    [InlineData("signal", 137)]
    [InlineData("exit", 5)]
    public Task Open_MPI_jobs_that_end_badly_end_alike(string how, int status) =>
        AssertSameJobAsync("openmpi", "ending", 3, Job with { Status = status, Normalise = FirstWords, MustPrint = "started" }, how);

    private static async Task AssertSameJobAsync(
        string library, string program, int ranks, Comparison comparison, string? argument = null, string[]? launcherOptions = null, (string, string)? environment = null)
    {
        string path = await Programs.BuildAsync($"mpi-{program}-{library}");
        string[] words = argument is not null ? [argument] : program is "file" or "fortran" ? ["{file}"] : [];
        Dictionary<string, string> variables = environment is var (name, value) ? new() { [name] = value } : [];
        await new MpiJob(library, ranks, [path, .. words]) { LauncherOptions = launcherOptions ?? [], Environment = variables }.AssertSameAsync(comparison);
    }

    /// <summary>The launchers' own reports on a failed job name process ids, and come in any order.</summary>
    private static string FirstWords(string text) =>
        string.Join('\n', text.Split('\n').Where(line => line is "started" or "spawn refused"));

    private static string WithoutWarnings(string text) => Warning().Replace(text, "");

    [GeneratedRegex("^\\[.*\\] (WARN|DIAG).*$", RegexOptions.Multiline)]
    private static partial Regex Warning();
}
