namespace Weft.Bench;

/// <summary>What a figure should be at most.</summary>
/// <param name="AtMost">The bound.</param>
/// <param name="Unit">Its unit: "×" for a ratio to native.</param>
internal sealed record Expectation(double AtMost, string Unit)
{
    /// <summary>0.98 of native speed, as a ratio of times.</summary>
    internal static Expectation NearNative { get; } = new(1 / 0.98, "×");
}
