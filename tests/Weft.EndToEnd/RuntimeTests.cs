namespace Weft.EndToEnd;

/// <summary>Language runtimes with collectors, compilers and schedulers of their own.</summary>
public sealed class RuntimeTests
{
    [VmTheory("dotnet")]
    [EachWay]
    public async Task Dotnet_with_server_GC_on_four_threads(string way)
    {
        string program = await Programs.BuildAsync("dotnet-gc/dotnet-gc.dll");
        await NativeAndVm.AssertSameAsync(new Command(Surroundings.Find("dotnet")!, program) { Timeout = TimeSpan.FromMinutes(3) }, way,
            new Comparison { MustPrint = "server GC True", Status = 5 });
    }

    [VmTheory("java", "javac")]
    [EachWay]
    public async Task Java_with_threads_GC_and_selectors(string way)
    {
        string program = await Programs.BuildAsync("java/Workers.class");
        await NativeAndVm.AssertSameAsync(
            new Command(Surroundings.Find("java")!, "-cp", Path.GetDirectoryName(program)!, "Workers") { Timeout = TimeSpan.FromMinutes(3) },
            way, new Comparison { MustPrint = "hook", Status = 3 });
    }

    [VmTheory("java", "javac")]
    [EachWay("-XX:+UseSerialGC", "-XX:+UseParallelGC", "-XX:+UseZGC")]
    public async Task Java_with_another_collector(string option, string way)
    {
        string program = await Programs.BuildAsync("java/Workers.class");
        await NativeAndVm.AssertSameAsync(
            new Command(Surroundings.Find("java")!, option, "-cp", Path.GetDirectoryName(program)!, "Workers") { Timeout = TimeSpan.FromMinutes(3) },
            way, new Comparison { MustPrint = "hook", Status = 3 });
    }

    [VmTheory("go")]
    [EachWay]
    public Task Go_with_goroutines_and_servers(string way) =>
        NativeAndVm.AssertProgramSameAsync("workers-go", way, new Comparison { MustPrint = "recovered:", Status = 0 });

    [VmTheory("rustc")]
    [EachWay]
    public Task Rust_with_threads_and_sockets(string way) =>
        NativeAndVm.AssertProgramSameAsync("workers-rust", way, new Comparison { MustPrint = "panic caught", Status = 7 });

    [VmTheory("mpicc.mpich")]
    [EachWay]
    public Task Mpich_as_a_single_rank(string way) => RunRankAsync("rank-mpich", way);

    [VmTheory("mpicc.openmpi")]
    [EachWay]
    public Task Open_MPI_as_a_single_rank(string way) => RunRankAsync("rank-openmpi", way);

    private static async Task RunRankAsync(string target, string way)
    {
        string program = await Programs.BuildAsync(target);
        // As root, and without a daemon that would have to be started.
        var rank = new Command(program)
        {
            Environment = new Dictionary<string, string>
            {
                ["OMPI_ALLOW_RUN_AS_ROOT"] = "1",
                ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1",
                ["OMPI_MCA_ess_singleton_isolated"] = "1",
            },
        };
        await NativeAndVm.AssertSameAsync(rank, way, Comparison.OutputOnly with { MustPrint = "finalized", Status = 0 });
    }
}
