namespace Weft.EndToEnd;

/// <summary>Shared file maps are the host's own pages, and what lies in them works between VMs.</summary>
public sealed class SharedMemoryTests
{
    private const int Rounds = 20_000;

    [VmTheory]
    [EachWay("vm vm", "vm host", "vm vm host")]
    public async Task Process_shared_mutex_works_between(string parties, string way)
    {
        string program = await Programs.BuildAsync("shared");
        string[] kinds = parties.Split(' ');
        // /dev/shm where there is one: it is what MPI and others use.
        string file = $"{(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath())}/weft-shared-{Guid.NewGuid():N}";
        try
        {
            var command = new Command(program, file, "3", Rounds.ToString(), kinds.Length.ToString()) { Timeout = TimeSpan.FromSeconds(20) };
            var outcomes = await Task.WhenAll(kinds.Select(kind => Runs.OnceAsync(kind == "vm" ? command.InVm(way) : command)));
            foreach (var outcome in outcomes)
                Assert.True(outcome is { Status: 0, Output: var output } && output == $"counter {3 * Rounds * kinds.Length} turns {200 * kinds.Length}\n",
                    outcome.Describe());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
