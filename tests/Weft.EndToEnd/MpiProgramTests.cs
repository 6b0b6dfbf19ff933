using System.Text.RegularExpressions;

namespace Weft.EndToEnd;

/// <summary>Parallel programs that the distribution ships, a VM a rank, against the same without VMs.</summary>
public sealed partial class MpiProgramTests
{
    private const string Scalapack = "/usr/lib/x86_64-linux-gnu/scalapack", ScalapackInputs = "/usr/share/scalapack", PetscFolder = "/usr/lib/petscdir/petsc3.18";

    /// <summary>Seconds and rates differ from run to run; the rest of what these programs print doesn't.</summary>
    private static readonly Comparison Results = new() { Normalise = WithoutTimes, StandardError = false, Status = 0 };

    /// <summary>ScaLAPACK's own test programs: factorisations, eigenvalues, matrix products, with their own checks of the results.</summary>
    public static IEnumerable<object[]> ScalapackTests =>
    [
        ["mpich", "xdlu", "LU.dat"], ["mpich", "xdqr", "QR.dat"], ["mpich", "xzllt", "LLT.dat"], ["mpich", "xdtrd", "TRD.dat"],
        ["openmpi", "xdlu", "LU.dat"], ["openmpi", "xdls", "LS.dat"], ["openmpi", "xcinv", "INV.dat"], ["openmpi", "xdhrd", "HRD.dat"],
    ];

    [VmTheory("mpiexec.mpich", "mpiexec.openmpi", Scalapack, ScalapackInputs)]
    [MemberData(nameof(ScalapackTests))]
    public Task Scalapack_tests_pass(string library, string program, string input) =>
        new MpiJob(library, 2, $"{Scalapack}/{library}-tests/{program}") { Inputs = new Dictionary<string, string> { [input] = File.ReadAllText($"{ScalapackInputs}/{input}") } }
            .AssertSameAsync(Results with { MustPrint = "tests completed and passed residual checks" });

    [VmTheory("NPmpich2", "NPopenmpi")]
    [InlineData("mpich", "NPmpich2")]
    [InlineData("openmpi", "NPopenmpi")]
    public Task NetPIPE_finds_its_messages_intact(string library, string program) =>
        new MpiJob(library, 2, Surroundings.Find(program) ?? program, "-i", "-n", "50", "-u", "300000").AssertSameAsync(Results with { Normalise = OnlyVerdicts, StandardError = true });

    // Debian builds it with Open MPI, and packages its benchmarks but not its tests.
    [VmTheory("mpiexec.openmpi", "python3", "/usr/lib/python3/dist-packages/mpi4py")]
    [InlineData("mpi4py.bench", "helloworld")]
    [InlineData("mpi4py.bench", "ringtest", "-n", "40000", "-l", "20", "-q")]
    [InlineData("mpi4py.futures", "pool.py")]
    public Task Mpi4py_s_own_programs(params string[] words) =>
        new MpiJob("openmpi", 2, ["/usr/bin/python3", "-m", .. words])
        {
            Inputs = new Dictionary<string, string>
            {
                ["pool.py"] = """
                    from mpi4py.futures import MPIPoolExecutor
                    if __name__ == '__main__':
                        with MPIPoolExecutor() as pool:
                            print(list(pool.map(abs, range(-50, 50))))

                    """,
            },
        }.AssertSameAsync(Results);

    [VmFact("mpiexec.openmpi", "python3", "/usr/lib/python3/dist-packages/mpi4py")]
    public Task Python_ranks() =>
        new MpiJob("openmpi", 2, "/usr/bin/python3", "-c", """
            import zlib, array
            from mpi4py import MPI
            world = MPI.COMM_WORLD
            rank, size = world.Get_rank(), world.Get_size()
            data = bytes((rank * 3 + i * 7) & 255 for i in range(300000))
            got = world.sendrecv(data, dest=(rank + 1) % size, source=(rank - 1) % size)
            sums = world.gather(zlib.crc32(got), root=0)
            total = world.allreduce({'rank': rank}['rank'], op=MPI.SUM)
            window = MPI.Win.Allocate_shared(8 * size if rank == 0 else 0, 8, comm=world)
            memory, _ = window.Shared_query(0)
            window.Fence()
            memoryview(memory).cast('d')[rank] = rank + 0.5
            window.Fence()
            shared = list(memoryview(memory).cast('d'))
            moved = array.array('d', [0.0] * 5000)
            world.Alltoall([array.array('d', [float(rank)] * 5000), MPI.DOUBLE], [moved, MPI.DOUBLE])
            window.Free()
            if rank == 0:
                print('sums', sums, 'total', total, shared, sum(moved))
            """).AssertSameAsync(Results with { Normalise = static text => text, MustPrint = "total 1" });

    /// <summary>A Laplacian solved by conjugate gradients on two ranks; sums in another order give other last digits.</summary>
    [VmFact("mpiexec.openmpi", "python3", PetscFolder)]
    public Task PETSc_solves_a_linear_system() =>
        new MpiJob("openmpi", 2, "/usr/bin/python3", "-c", """
            from petsc4py import PETSc
            n = 4000
            A = PETSc.Mat().createAIJ([n, n], nnz=3)
            first, last = A.getOwnershipRange()
            for i in range(first, last):
                A[i, i] = 2.01
                if i > 0: A[i, i - 1] = -1
                if i < n - 1: A[i, i + 1] = -1
            A.assemble()
            x, b = A.createVecs()
            x.set(1)
            A.mult(x, b)
            x.set(0)
            solver = PETSc.KSP().create()
            solver.setOperators(A)
            solver.setType('cg')
            solver.getPC().setType('bjacobi')
            solver.setTolerances(rtol=1e-12)
            solver.solve(b, x)
            x.shift(-1)
            PETSc.Sys.Print('iterations', solver.getIterationNumber(), 'right' if x.norm(PETSc.NormType.INFINITY) < 1e-8 else 'wrong')
            """)
        { Environment = new Dictionary<string, string> { ["PETSC_DIR"] = Directory.GetDirectories(PetscFolder)[0] } }.AssertSameAsync(Results with { Normalise = static text => text, MustPrint = "right" });

    /// <summary>HPC Challenge: Linpack, transposition, random access, FFT and STREAM, each checking its own result.</summary>
    [VmFact("mpiexec.openmpi", "hpcc")]
    public async Task Hpc_challenge_finds_its_results_right()
    {
        using TemporaryFolder folder = new();
        folder.Write("hpccinf.txt", ChallengeInput);
        Outcome outcome = await Runs.OnceAsync(new MpiJob("openmpi", 2, "/usr/bin/hpcc") { Timeout = TimeSpan.FromSeconds(120) }.Command(folder.Path, WeftBinary.Path, "run", "--"));
        Assert.True(outcome.Status == 0, outcome.Describe());
        string results = File.ReadAllText(Path.Combine(folder.Path, "hpccoutf.txt"));
        Assert.Contains("Success=1", results, StringComparison.Ordinal);
        Assert.Contains("1 tests completed and passed residual checks", results, StringComparison.Ordinal);
    }

    private static string WithoutTimes(string text) => Normalise.LineOrder(Blanks().Replace(Fraction().Replace(text, "#"), " "));

    /// <summary>NetPIPE's integrity check says a word for each size, before which it prints how often it sent.</summary>
    private static string OnlyVerdicts(string text) =>
        string.Join('\n', text.Split('\n').Where(line => line.Contains("Integrity check", StringComparison.Ordinal)).Select(line => line[line.IndexOf("Integrity", StringComparison.Ordinal)..]));

    [GeneratedRegex("[0-9]*\\.[0-9]+(e[-+]?[0-9]+)?", RegexOptions.IgnoreCase)]
    private static partial Regex Fraction();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();

    private const string ChallengeInput = """
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

        """;
}
