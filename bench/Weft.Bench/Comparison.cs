namespace Weft.Bench;

/// <summary>A figure from native, VM and runsc.</summary>
internal static class Comparison
{
    /// <summary>Measures contestants named as <see cref="Contestant.Of"/> names them.</summary>
    internal static Figure Measure(Bench bench, string name, string unit, IReadOnlyList<Contestant> contestants, long operations, bool isWhole = false, int roundFactor = 1)
    {
        Console.Error.WriteLine($"bench: {name}");
        try
        {
            Rounds rounds = Rounds.Measure(bench, contestants, operations, isWhole, roundFactor);
            double factor = PerUnit(unit);
            return new Figure
            {
                Name = name,
                Unit = unit,
                Native = rounds.Of(Contestant.Native)?.Times(factor),
                Vm = rounds.Of(Contestant.Vm)?.Times(factor),
                Runsc = rounds.Of(Contestant.GVisor)?.Times(factor),
                Measured = rounds.Ratio(Contestant.Vm, Contestant.Native),
                Note = rounds.Failure(Contestant.GVisor) is { } why ? $"runsc: {why}" : Control(rounds),
            };
        }
        catch (BenchmarkException error)
        {
            return new Figure { Name = name, Unit = unit, Error = error.Message };
        }
    }

    private static string? Control(Rounds rounds)
    {
        if (!rounds.Has(Contestant.Again))
            return null;
        Spread control = rounds.Ratio(Contestant.Again, Contestant.Native);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"native / itself {control.Median:0.000} × [{control.Low:0.000}–{control.High:0.000}]");
    }

    /// <summary>How many of a unit a nanosecond is.</summary>
    private static double PerUnit(string unit) => unit switch
    {
        "ns" => 1,
        "µs" => 1e-3,
        "ms" => 1e-6,
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "not a unit of time"),
    };
}
