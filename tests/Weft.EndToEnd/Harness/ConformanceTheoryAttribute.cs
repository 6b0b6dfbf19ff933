namespace Weft.EndToEnd.Harness;

/// <summary>A theory over the programs of tests/conformance; skipped, with the reason, where there are none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ConformanceTheoryAttribute : TheoryAttribute
{
    public ConformanceTheoryAttribute() => Skip = Requirements.WhySkip([]) ?? Conformance.WhyNone;
}
