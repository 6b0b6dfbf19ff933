namespace Weft.Bench;

/// <summary>A sample's median and quartiles.</summary>
/// <param name="Median">Half of the values lie below.</param>
/// <param name="Low">A quarter lies below.</param>
/// <param name="High">A quarter lies above.</param>
/// <param name="Count">How many values there are.</param>
internal sealed record Spread(double Median, double Low, double High, int Count)
{
    /// <summary>The spread of values in any order; there must be one at least.</summary>
    internal static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Spread(At(sorted, 0.5), At(sorted, 0.25), At(sorted, 0.75), sorted.Length);
    }

    /// <summary>The same in another unit.</summary>
    internal Spread Times(double factor) => new(Median * factor, Low * factor, High * factor, Count);

    private static double At(double[] sorted, double share)
    {
        double position = share * (sorted.Length - 1);
        int below = (int)position;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + (above - sorted[below]) * (position - below);
    }
}
