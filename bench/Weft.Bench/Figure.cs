namespace Weft.Bench;

/// <summary>A row of the results.</summary>
internal sealed record Figure
{
    /// <summary>What is measured.</summary>
    public required string Name { get; init; }

    /// <summary>The unit of <see cref="Native"/>, <see cref="Vm"/> and <see cref="Runsc"/>.</summary>
    public required string Unit { get; init; }

    /// <summary>Outside of any VM.</summary>
    public Spread? Native { get; init; }

    /// <summary>In a VM.</summary>
    public Spread? Vm { get; init; }

    /// <summary>Under runsc.</summary>
    public Spread? Runsc { get; init; }

    /// <summary>What the expectation is about, in its unit; without one, time in a VM by time outside.</summary>
    public Spread? Measured { get; init; }

    /// <summary>The unit of <see cref="Measured"/>.</summary>
    public string MeasuredUnit { get; init; } = "×";

    /// <summary>What is expected, if anything.</summary>
    public Expectation? Expected { get; init; }

    /// <summary>Whether it is met; null without an expectation or a measurement.</summary>
    public bool? IsMet => Expected is null || Measured is null ? null : Measured.Median <= Expected.AtMost;

    /// <summary>False when the bound lies between the quartiles: the machine was too restless to tell.</summary>
    public bool? IsClear => IsMet is null ? null : Measured!.High <= Expected!.AtMost || Measured.Low > Expected.AtMost;

    /// <summary>What the reader should know.</summary>
    public string? Note { get; init; }

    /// <summary>Why it could not be measured; null when it was.</summary>
    public string? Error { get; init; }
}
