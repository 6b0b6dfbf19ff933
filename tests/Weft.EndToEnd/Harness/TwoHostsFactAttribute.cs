namespace Weft.EndToEnd.Harness;

/// <summary>A fact that needs two hosts made of network namespaces; skipped, with the reason, where they can't be.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class TwoHostsFactAttribute : FactAttribute
{
    /// <param name="programs">Names on the PATH, files or folders.</param>
    public TwoHostsFactAttribute(params string[] programs) => Skip = TwoHosts.WhySkip(programs);
}
