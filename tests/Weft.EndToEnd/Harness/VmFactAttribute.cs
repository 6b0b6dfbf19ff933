namespace Weft.EndToEnd.Harness;

/// <summary>A fact that needs a VM and some programs; skipped, with the reason, where one is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class VmFactAttribute : FactAttribute
{
    /// <param name="programs">Names on the PATH, files or folders.</param>
    public VmFactAttribute(params string[] programs) => Skip = Requirements.WhySkip(programs);
}
