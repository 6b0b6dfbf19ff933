namespace Weft.EndToEnd.Harness;

/// <summary>Single runs.</summary>
internal static class Runs
{
    /// <summary>Runs <paramref name="command"/> as it stands, to its end or its timeout.</summary>
    public static async Task<Outcome> OnceAsync(Command command)
    {
        await using var running = RunningProcess.Start(command);
        return await running.WaitAsync(command.Timeout);
    }
}
