namespace Weft.Fuzz.Tests;

/// <summary>The programs of tests/fuzz, built when first needed.</summary>
internal static class FuzzPrograms
{
    private static readonly string Sources = Path.Combine(Repository.Root, "tests/fuzz");
    private static readonly Lazy<Task<string>> Built = new(BuildAsync);

    /// <summary>The script that runs a command where random calls do no harm.</summary>
    public static string Isolate { get; } = Path.Combine(Sources, "isolate.sh");

    /// <summary>The folder of the built programs.</summary>
    public static Task<string> FolderAsync() => Built.Value;

    private static async Task<string> BuildAsync()
    {
        string folder = Path.Combine(Repository.Root, "artifacts/fuzz");
        var outcome = await Runs.OnceAsync(new Command(Path.Combine(Sources, "build.sh"), folder)
        {
            Environment = Surroundings.OfTester,
            Timeout = TimeSpan.FromMinutes(3),
        });
        return outcome.Status == 0 ? folder : throw new InvalidOperationException($"the fuzz programs don't build: {outcome.Describe()}");
    }
}
