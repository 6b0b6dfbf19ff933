namespace Weft.Bench.Groups;

/// <summary>A kernel that is compared natively, in a VM and under runsc.</summary>
/// <param name="Name">What the table says.</param>
/// <param name="Program">The program in bench/kernels.</param>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Operations">Operations a round in a full run.</param>
/// <param name="Unit">The unit of an operation's time in the table.</param>
internal sealed record KernelBenchmark(string Name, string Program, string Kernel, long Operations, string Unit)
{
    /// <summary>What is expected of the ratio.</summary>
    internal Expectation? Expected { get; init; }

    /// <summary>Whether a quick run has the same number of operations.</summary>
    internal bool IsWhole { get; init; }

    /// <summary>Whether this processor can run it.</summary>
    internal bool IsSupported { get; init; } = true;
}
