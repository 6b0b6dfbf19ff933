namespace Weft.Bench;

/// <summary>What all groups share: where things are, and how thorough to be.</summary>
internal sealed class Bench
{
    private Bench(bool quick)
    {
        IsQuick = quick;
        Root = FindRoot();
        Weft = Environment.GetEnvironmentVariable("WEFT_BIN") is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.Combine(Root, "artifacts/publish/Weft.Cli/release_linux-x64/weft");
        Sessions = quick ? 1 : 3;
        Rounds = quick ? 5 : 9;
    }

    /// <summary>Fewer and shorter rounds.</summary>
    internal bool IsQuick { get; }

    /// <summary>The repository.</summary>
    internal string Root { get; }

    /// <summary>The weft binary.</summary>
    internal string Weft { get; }

    /// <summary>How often the programs are started anew, so that chance in their placement averages out.</summary>
    internal int Sessions { get; }

    /// <summary>Rounds that are kept of each session.</summary>
    internal int Rounds { get; }

    /// <summary>runsc, or why there is none.</summary>
    internal Runsc Runsc { get; private set; } = null!;

    /// <summary>Finds everything.</summary>
    internal static Bench Create(bool quick)
    {
        Bench bench = new(quick);
        bench.Runsc = Runsc.Find(bench.Tool("kernels"));
        return bench;
    }

    /// <summary>The path of one of bench/kernels' programs.</summary>
    internal string Tool(string name) => Path.Combine(Root, "artifacts/bench", name);

    /// <summary>A count of operations, cut to an eighth in a quick run.</summary>
    internal long Operations(long full) => IsQuick ? Math.Max(1, full / 8) : full;

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "bench/run.sh")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new BenchmarkException("not inside the repository; use bench/run.sh");
    }
}
