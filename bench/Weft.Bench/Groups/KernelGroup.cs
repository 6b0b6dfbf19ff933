namespace Weft.Bench.Groups;

/// <summary>Kernels of bench/kernels, each compared natively, in a VM and under runsc.</summary>
internal sealed class KernelGroup(string name, string title, params KernelBenchmark[] kernels) : IBenchmarkGroup
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Title => title;

    /// <inheritdoc/>
    public List<Figure> Measure(Bench bench) => [.. kernels.Where(kernel => kernel.IsSupported).Select(kernel => Measure(bench, kernel))];

    // Where the ratio is judged, the machine's noise is told beside it.
    private static List<Contestant> Contestants(Bench bench, KernelBenchmark kernel)
    {
        string[] command = [bench.Tool(kernel.Program), kernel.Kernel];
        return kernel.Expected is null ? Contestant.Of(bench, command) : Contestant.WithControl(bench, command);
    }

    private static Figure Measure(Bench bench, KernelBenchmark kernel)
    {
        long operations = kernel.IsWhole ? kernel.Operations : bench.Operations(kernel.Operations);
        return Comparison.Measure(bench, kernel.Name, kernel.Unit, Contestants(bench, kernel), operations, kernel.IsWhole) with
        {
            Expected = kernel.Expected,
        };
    }
}
