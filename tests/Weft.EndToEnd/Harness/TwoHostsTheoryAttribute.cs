namespace Weft.EndToEnd.Harness;

/// <summary>A theory that needs two hosts made of network namespaces; skipped, with the reason, where they can't be.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TwoHostsTheoryAttribute : TheoryAttribute
{
    /// <param name="programs">Names on the PATH, files or folders.</param>
    public TwoHostsTheoryAttribute(params string[] programs) => Skip = TwoHosts.WhySkip(programs);
}
