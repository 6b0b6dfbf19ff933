using System.Collections.Concurrent;

namespace Weft.EndToEnd.Harness;

/// <summary>The programs of tests/programs, built when first needed. Safe from all threads.</summary>
internal static class Programs
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> Built = new();
    private static readonly SemaphoreSlim OneMake = new(1, 1);

    /// <summary>The full path of the program that the Makefile's target of that name makes.</summary>
    /// <exception cref="InvalidOperationException">It doesn't build; says what make printed.</exception>
    public static Task<string> BuildAsync(string target) =>
        Built.GetOrAdd(target, static name => new Lazy<Task<string>>(() => MakeAsync(name))).Value;

    private static async Task<string> MakeAsync(string target)
    {
        string folder = Path.Combine(Repository.Artifacts, "programs");
        await OneMake.WaitAsync();
        try
        {
            var make = new Command("make", "-s", "-C", Repository.Programs, $"OUT={folder}", $"{folder}/{target}")
            {
                Environment = Surroundings.OfTester,
                Timeout = TimeSpan.FromMinutes(5),
            };
            var outcome = await Runs.OnceAsync(make);
            return outcome.Status == 0
                ? Path.Combine(folder, target)
                : throw new InvalidOperationException($"{target} does not build: {outcome.Describe()}");
        }
        finally
        {
            OneMake.Release();
        }
    }
}
