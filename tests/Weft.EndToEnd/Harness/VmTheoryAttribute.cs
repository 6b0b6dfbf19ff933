namespace Weft.EndToEnd.Harness;

/// <summary>A theory that needs a VM and some programs; skipped, with the reason, where one is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class VmTheoryAttribute : TheoryAttribute
{
    /// <param name="programs">Names on the PATH, files or folders.</param>
    public VmTheoryAttribute(params string[] programs) => Skip = Requirements.WhySkip(programs);
}
