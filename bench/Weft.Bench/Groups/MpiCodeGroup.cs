using System.Diagnostics;
using System.Globalization;

namespace Weft.Bench.Groups;

/// <summary>
/// Real parallel codes of the distribution, two ranks, each in a VM, against the same without VMs: ScaLAPACK's LU with either
/// library, and HPC Challenge with Linpack among its parts. Each checks its own results.
/// </summary>
internal sealed class MpiCodeGroup : IBenchmarkGroup
{
    private const string Tests = "/usr/lib/x86_64-linux-gnu/scalapack/", Challenge = "/usr/bin/hpcc";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <inheritdoc/>
    public string Name => "mpi-code";

    /// <inheritdoc/>
    public string Title => "Real MPI codes, two ranks";

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench) =>
    [
        .. Measure(bench, "mpich", Tests + "mpich-tests/xdlu", "LU.dat", Factorisations, ReadFactorisations, "ScaLAPACK LU, MPICH"),
        .. Measure(bench, "openmpi", Tests + "openmpi-tests/xdlu", "LU.dat", Factorisations, ReadFactorisations, "ScaLAPACK LU, Open MPI"),
        .. Measure(bench, "openmpi", Challenge, "hpccinf.txt", ChallengeInput, ReadChallenge,
            "Linpack, Open MPI", "transposition (PTRANS), Open MPI", "FFT, Open MPI"),
    ];

    /// <summary>Runs a program in turns natively and in VMs. What it gives are rates, one for each name; shown are the times for a unit of work.</summary>
    private static List<Figure> Measure(
        Bench bench, string library, string program, string inputName, string input, Func<string, string, double[]> read, params string[] names)
    {
        if (!File.Exists(program))
            return [.. names.Select(name => new Figure { Name = name, Unit = "ms", Note = $"{program} is not installed" })];
        int runs = bench.IsQuick ? 3 : 9;
        List<double[]> native = [], vm = [];
        try
        {
            for (int run = 0; run < runs; run++)
            {
                Console.Error.WriteLine($"bench: {names[0]}, {run + 1} of {runs}");
                // Back and forth, so that a drift of the machine favours nobody.
                foreach (bool isVm in (bool[])[run % 2 == 0, run % 2 != 0])
                    (isVm ? vm : native).Add(Run([.. Launcher(library), .. isVm ? (string[])[bench.Weft, "run", "--"] : [], program], inputName, input, read));
            }
        }
        catch (BenchmarkException error)
        {
            return [.. names.Select(name => new Figure { Name = name, Unit = "ms", Error = error.Message })];
        }
        return [.. names.Select((name, index) => new Figure
        {
            Name = name,
            Unit = "ms",
            Native = Spread.Of(native.Select(rates => 1e3 / rates[index])),
            Vm = Spread.Of(vm.Select(rates => 1e3 / rates[index])),
            Measured = Spread.Of(native.Zip(vm, (one, other) => one[index] / other[index])),
            Expected = Expectation.NearNative,
            Note = "time for what the program counts as a unit of its rate",
        })];
    }

    private static string[] Launcher(string library) =>
        library == "openmpi" ? ["mpiexec.openmpi", "--allow-run-as-root", "--oversubscribe", "-n", "2"] : ["mpiexec." + library, "-n", "2"];

    private static double[] Run(string[] words, string inputName, string input, Func<string, string, double[]> read)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("weft-bench-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, inputName), input);
            ProcessStartInfo start = new(words[0], words[1..]) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true };
            // One thread a rank: the machine has a core for each.
            start.Environment["OPENBLAS_NUM_THREADS"] = start.Environment["OMP_NUM_THREADS"] = "1";
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill(entireProcessTree: true);
                throw new BenchmarkException($"no end within {Patience.TotalSeconds} s");
            }
            if (process.ExitCode != 0)
                throw new BenchmarkException($"exit status {process.ExitCode}: {errors.Result.Trim().Split('\n')[^1]}");
            return read(output.Result, folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The median of the rates of xdlu's lines "WALL … MFLOPS PASSED", in GFLOP/s.</summary>
    private static double[] ReadFactorisations(string output, string folder)
    {
        const int megaflops = 10, columns = 12;
        string[][] lines = [.. output.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length == columns && words[0] == "WALL")];
        if (lines.Length != FactorisationCount || lines.Any(words => words[^1] != "PASSED"))
            throw new BenchmarkException("a factorisation has not passed its check");
        return [Spread.Of(lines.Select(words => double.Parse(words[megaflops], CultureInfo.InvariantCulture) / 1e3)).Median];
    }

    private static double[] ReadChallenge(string output, string folder)
    {
        string report = File.ReadAllText(Path.Combine(folder, "hpccoutf.txt"));
        if (!report.Contains("Success=1", StringComparison.Ordinal) || !report.Contains(" 0 tests completed and failed residual checks", StringComparison.Ordinal))
            throw new BenchmarkException("a part has not passed its check");
        Dictionary<string, string> values = report.Split('\n').Select(line => line.Split('=')).Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0]).ToDictionary(pair => pair[0], pair => pair[1]);
        double Value(string name) => double.Parse(values[name], CultureInfo.InvariantCulture);
        return [1e3 * Value("HPL_Tflops"), Value("PTRANS_GBs"), Value("MPIFFT_Gflops")];
    }

    private const int FactorisationCount = 20;

    private static string Factorisations { get; } = $"""
        'LU factorization'
        'two ranks'
        'LU.out'
        6
        1
        800
        800
        {FactorisationCount}
        {string.Join(' ', Enumerable.Repeat("64", FactorisationCount))}
        1
        1
        1
        64
        1
        1
        2
        1.0
        F

        """;

    private const string ChallengeInput = """
        HPLinpack benchmark input file
        of two ranks
        HPL.out
        6
        1
        2400
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
