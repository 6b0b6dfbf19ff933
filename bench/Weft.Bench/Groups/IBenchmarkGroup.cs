namespace Weft.Bench.Groups;

/// <summary>Benchmarks that are measured and shown together.</summary>
internal interface IBenchmarkGroup
{
    /// <summary>The name on the command line.</summary>
    string Name { get; }

    /// <summary>The title of its table.</summary>
    string Title { get; }

    /// <summary>Measures all; what fails becomes a figure that says so.</summary>
    List<Figure> Measure(Bench bench);
}
