namespace Weft.EndToEnd.Harness;

/// <summary>How a run ended. Text is Latin-1, one character a byte.</summary>
/// <param name="Status">The exit status, 128 + n after death by signal n.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Hung">True when the run exceeded its time and was killed.</param>
/// <param name="Elapsed">Wall-clock time from start to end.</param>
internal sealed record Outcome(int Status, string Output, string Error, bool Hung, TimeSpan Elapsed)
{
    /// <summary>A description for failure messages, bounded in length.</summary>
    public string Describe() =>
        $"{(Hung ? "hung, killed" : "status " + Status)} after {Elapsed.TotalSeconds:F2} s\n" +
        $"  stdout: {Clip(Output)}\n  stderr: {Clip(Error)}";

    private static string Clip(string text)
    {
        string shown = text.Length <= 3000 ? text.TrimEnd('\n') : text[..1000] + "\n  […]\n" + text[^2000..];
        // Control characters would make the tester's log a binary file.
        return string.Concat(shown.Select(c => char.IsControl(c) && c != '\n' ? $"\\x{(int)c:x2}" : c.ToString()));
    }
}
