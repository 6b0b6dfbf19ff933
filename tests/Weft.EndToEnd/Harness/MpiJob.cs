namespace Weft.EndToEnd.Harness;

/// <summary>An MPI job as a user starts it, once without VMs and once with a VM a rank.</summary>
/// <param name="Library">The library's name in the distribution's commands: mpich or openmpi.</param>
/// <param name="Ranks">How many.</param>
/// <param name="Program">The program and its words; "{file}" becomes a path that the two runs don't share.</param>
internal sealed record MpiJob(string Library, int Ranks, params string[] Program)
{
    /// <summary>Options of mpiexec.</summary>
    public IReadOnlyList<string> LauncherOptions { get; init; } = [];

    /// <summary>Variables of the job's environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Files of the folder that each run has as its working directory, by name.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>After this a run counts as hung.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Asserts that the job in VMs behaves as without.</summary>
    public async Task AssertSameAsync(Comparison comparison)
    {
        // One after the other: ranks that wait poll, and take each other's cores.
        Outcome native = await RunAsync(), vm = await RunAsync(WeftBinary.Path, "run", "--");
        if (comparison.Difference(native, vm) is { } difference)
            Assert.Fail($"{difference}\nVM: {vm.Describe()}\nnative: {native.Describe()}");
    }

    /// <summary>Runs the job with words before the program's.</summary>
    public async Task<Outcome> RunAsync(params string[] before)
    {
        using TemporaryFolder folder = new();
        foreach ((string name, string content) in Inputs)
            folder.Write(name, content);
        return await Runs.OnceAsync(Command(folder.Path, before));
    }

    /// <summary>The command that starts the job in a folder, with words before the program's.</summary>
    public Command Command(string folder, params string[] before)
    {
        Dictionary<string, string> variables = new(Environment) { ["OMPI_ALLOW_RUN_AS_ROOT"] = "1", ["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1" };
        string[] oversubscribe = Library == "openmpi" ? ["--oversubscribe"] : [];
        return new Command(
            $"mpiexec.{Library}",
            [.. oversubscribe, .. LauncherOptions, "-n", $"{Ranks}", .. before, .. Program.Select(word => word.Replace("{file}", Path.Combine(folder, "file")))])
        {
            Environment = variables,
            WorkingDirectory = folder,
            Timeout = Timeout,
        };
    }
}
