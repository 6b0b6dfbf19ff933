namespace Weft.Fuzz.Tests;

/// <summary>Every system call with random arguments, while memory is mapped and unmapped under it.</summary>
public sealed class SystemCallFuzzTests
{
    private const int Rounds = 4;
    private const int DescriptorSlack = 12, ThreadSlack = 6;
    private const long MemorySlackKib = 64 << 10;

    [VmTheory(Requirements.Root, "unshare", "setpriv", "gcc")]
    [InlineData("exit")]
    [InlineData("auto")]
    public async Task Random_calls_leave_the_VMM_whole(string way)
    {
        using var scratch = new TemporaryFolder();
        ulong seed = FuzzSettings.Seed + (ulong)way.Length;
        int milliseconds = FuzzSettings.Milliseconds(0.2) / Rounds;
        var command = Isolated.Program(scratch, await FuzzPrograms.FolderAsync(), way, "/fuzz/calls", $"{seed}", $"{milliseconds}", $"{Rounds}");
        using var vmm = VmmProcess.Start(command);
        (Outcome outcome, List<VmmProcess.Holding> holdings) = await vmm.WatchAsync(TimeSpan.FromSeconds(90 + milliseconds * Rounds / 1000.0));
        string how = $"calls {seed} {milliseconds} {Rounds} by {way}: {string.Join(", ", holdings)}";
        Isolated.AssertWeftSurvived(outcome, how);
        Assert.True(outcome.Output.Contains("intact\n", StringComparison.Ordinal), how + outcome.Describe());
        // The first round warms up: vCPUs and buffers are kept for the next thread.
        Assert.True(holdings.Count == Rounds, how);
        Assert.True(holdings[^1].Descriptors <= holdings[1].Descriptors + DescriptorSlack, "descriptors leak: " + how);
        Assert.True(holdings[^1].Threads <= holdings[1].Threads + ThreadSlack, "threads leak: " + how);
        Assert.True(holdings[^1].AnonymousKib <= holdings[1].AnonymousKib + MemorySlackKib, "memory leaks: " + how);
    }
}
