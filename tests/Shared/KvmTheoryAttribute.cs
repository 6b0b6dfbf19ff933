namespace Weft.Tests;

/// <summary>A theory whose cases make a VM; skipped, with the reason, where KVM can't be used.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KvmTheoryAttribute : TheoryAttribute
{
    public KvmTheoryAttribute() => Skip = new KvmFactAttribute().Skip;
}
