namespace Weft.EndToEnd.Harness;

/// <summary>What must be equal between a native run and one in a VM. Everything, unless it says otherwise.</summary>
internal sealed record Comparison
{
    /// <summary>Output, standard error and status, to the byte.</summary>
    public static Comparison Exact { get; } = new();

    /// <summary>Output and status; standard error may say what it likes.</summary>
    public static Comparison OutputOnly { get; } = new() { StandardError = false };

    /// <summary>Whether standard error is compared.</summary>
    public bool StandardError { get; init; } = true;

    /// <summary>Applied to both streams of both runs first; see <see cref="Harness.Normalise"/>.</summary>
    public Func<string, string> Normalise { get; init; } = static text => text;

    /// <summary>The status that both runs must end with; null leaves it to the native run.</summary>
    public int? Status { get; init; }

    /// <summary>Text that the native run must have printed, so that two equal failures don't pass as equal.</summary>
    public string? MustPrint { get; init; }

    /// <summary>What differs between the two runs, or null.</summary>
    public string? Difference(Outcome native, Outcome vm)
    {
        if (native.Hung || vm.Hung)
            return native.Hung ? "the native run hung" : "the run in the VM hung";
        if (Status is { } status && native.Status != status)
            return $"the native run ended with status {native.Status}, expected was {status}";
        if (MustPrint is { } text && !native.Output.Contains(text, StringComparison.Ordinal))
            return $"the native run did not print \"{text}\"";
        if (native.Status != vm.Status)
            return $"status {native.Status} natively, {vm.Status} in the VM";
        return FirstDifference("standard output", Normalise(native.Output), Normalise(vm.Output))
            ?? (StandardError ? FirstDifference("standard error", Normalise(native.Error), Normalise(vm.Error)) : null);
    }

    private static string? FirstDifference(string stream, string native, string vm)
    {
        if (native == vm)
            return null;
        string[] expected = native.Split('\n'), actual = vm.Split('\n');
        int line = 0;
        while (line < expected.Length && line < actual.Length && expected[line] == actual[line])
            line++;
        return $"{stream} differs at line {line + 1}\n  native: {At(expected, line)}\n  VM:     {At(actual, line)}";
    }

    private static string At(string[] lines, int line) => line < lines.Length ? lines[line] : "(ends)";
}
