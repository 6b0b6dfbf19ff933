namespace Weft.EndToEnd.Harness;

/// <summary>The ways of system calls that the cases run by: values of <c>weft run --syscalls</c>.</summary>
internal static class SystemCallWays
{
    /// <summary>All that are under test; <c>WEFT_TEST_WAYS=exit,auto</c> chooses others for one run.</summary>
    public static IReadOnlyList<string> Enabled { get; } =
        Environment.GetEnvironmentVariable("WEFT_TEST_WAYS") is { Length: > 0 } chosen
            ? chosen.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : ["exit", "attendant", "auto"];

    /// <summary>Whether long cases run by each way too: <c>WEFT_TEST_ALL_WAYS=1</c>.</summary>
    public static bool All { get; } = Environment.GetEnvironmentVariable("WEFT_TEST_ALL_WAYS") == "1";

    /// <summary>One of them for a case too long to run by each: always the same one for the same case.</summary>
    public static string For(string caseName)
    {
        // Not string.GetHashCode, which differs from process to process.
        uint hash = 2166136261;
        foreach (char c in caseName)
            hash = (hash ^ c) * 16777619;
        return Enabled[(int)(hash % (uint)Enabled.Count)];
    }
}
