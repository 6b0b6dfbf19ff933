namespace Weft.Fuzz.Tests;

/// <summary>Random code, registers, stacks and signal frames, and forged posts: the program may die of it, the VMM not.</summary>
public sealed class ProcessorStateFuzzTests
{
    private const int Endings = 3;

    [VmTheory(Requirements.Root, "unshare", "setpriv", "gcc")]
    [InlineData("alone", "exit")]
    [InlineData("forge", "auto")]
    [InlineData("forge", "attendant")]
    public async Task Random_states_leave_the_VMM_whole(string mode, string way)
    {
        using var scratch = new TemporaryFolder();
        ulong seed = FuzzSettings.Seed + (ulong)way.Length;
        int milliseconds = FuzzSettings.Milliseconds(mode == "alone" ? 0.15 : 0.1);
        var command = Isolated.Program(scratch, await FuzzPrograms.FolderAsync(), way, "/fuzz/states", $"{seed}", $"{milliseconds}", mode);
        var outcome = await Runs.OnceAsync(command with { Timeout = TimeSpan.FromSeconds(60 + milliseconds / 1000.0) });
        string how = $"states {seed} {milliseconds} {mode} by {way}";
        Isolated.AssertWeftSurvived(outcome, how);
        Assert.False(outcome.Output.Contains("threads don't end", StringComparison.Ordinal), how + outcome.Describe());
        Assert.False(outcome.Output.Contains("broken", StringComparison.Ordinal), how + outcome.Describe());
    }

    [VmFact(Requirements.Root, "unshare", "setpriv", "gcc")]
    public async Task A_fault_with_wild_stacks_and_handlers_ends_the_program_only()
    {
        for (ulong seed = FuzzSettings.Seed; seed < FuzzSettings.Seed + Endings; seed++)
        {
            using var scratch = new TemporaryFolder();
            var command = Isolated.Program(scratch, await FuzzPrograms.FolderAsync(), "exit", "/fuzz/states", $"{seed}", "100", "die");
            // A random handler may be an endless loop: as on Linux, whoever started it has to end it.
            string script = command.Arguments[5].Replace("\"$scratch/weft/weft\"", "timeout --preserve-status -s TERM -k 20 10 \"$scratch/weft/weft\"", StringComparison.Ordinal);
            var outcome = await Runs.OnceAsync(command with { Arguments = [.. command.Arguments[..5], script, .. command.Arguments[6..]] });
            Isolated.AssertWeftSurvived(outcome, $"states {seed} 100 die");
        }
    }
}
