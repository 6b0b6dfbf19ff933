namespace Weft.Cli;

/// <summary>One option of `weft run`: parser, help and completion are made from it.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Value">What its value is called in help; null for none.</param>
/// <param name="Description">One line of help.</param>
public sealed record RunOption(string Name, string? Value, string Description)
{
    /// <summary>The value may be left out.</summary>
    public bool ValueIsOptional { get; init; }

    /// <summary>May be given several times; of others the last one counts.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>The only values; empty when free.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What a shell completes the value with.</summary>
    public ValueKind Completes { get; init; }
}
