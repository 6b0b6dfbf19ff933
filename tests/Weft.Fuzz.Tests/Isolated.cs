namespace Weft.Fuzz.Tests;

/// <summary>Runs in a VM, as nobody, in namespaces of their own: see tests/fuzz/isolate.sh.</summary>
internal static class Isolated
{
    /// <summary>Tells that weft came to its end in order: it writes its statistics last.</summary>
    public const string EndedInOrder = "weft ended in order, status ";

    // What stands after weft's arguments is the program; $1 the scratch folder.
    private const string Script = """
        scratch=$1
        shift
        "$scratch/weft/weft" run --root "$scratch/root" --network none --memory 4G --stats="$scratch/out/stats" "$@"
        status=$?
        if [ -s "$scratch/out/stats" ]; then echo "weft ended in order, status $status"; else echo "weft died, status $status"; fi
        """;

    /// <summary>The command that runs /fuzz/PROGRAM of <paramref name="programs"/>, or of a folder copied there.</summary>
    public static Command Program(TemporaryFolder scratch, string programs, string way, params string[] words) =>
        Shell(scratch, programs, Script, ["--syscalls", way, "--", .. words]);

    /// <summary>The command that runs a shell script; $1 is the scratch folder, the words follow.</summary>
    public static Command Shell(TemporaryFolder scratch, string programs, string script, params string[] words) =>
        new(FuzzPrograms.Isolate, [scratch.Path, WeftBinary.Path, programs, "sh", "-c", script, "sh", scratch.Path, .. words])
        {
            Timeout = TimeSpan.FromSeconds(120),
        };

    /// <summary>Asserts that weft neither crashed nor hung, whatever became of the program.</summary>
    public static void AssertWeftSurvived(Outcome outcome, string how)
    {
        string told = $"{how}\nrepeat with WEFT_FUZZ_SEED={FuzzSettings.Seed}\n{outcome.Describe()}";
        Assert.False(outcome.Hung, told);
        Assert.True(outcome.Output.Contains(EndedInOrder, StringComparison.Ordinal), told);
        Assert.False(outcome.Output.Contains(EndedInOrder + "125", StringComparison.Ordinal), told);
        Assert.False(SaysOfACrash(outcome.Error), told);
    }

    /// <summary>Whether standard error holds what only a broken VMM prints.</summary>
    public static bool SaysOfACrash(string error) =>
        error.Contains("Unhandled exception", StringComparison.OrdinalIgnoreCase)
        || error.Contains("   at Weft.", StringComparison.Ordinal)
        || error.Contains("weft: the VM stopped", StringComparison.Ordinal)
        || error.Contains("this is a bug of Weft", StringComparison.Ordinal);
}
