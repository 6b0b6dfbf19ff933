using Weft.Linux.Tests.Signals;

namespace Weft.Linux.Tests.Sockets;

/// <summary>A theory that is skipped, with its reason, where KVM can't be used.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresKvmTheoryAttribute : TheoryAttribute
{
    public RequiresKvmTheoryAttribute() => Skip = new RequiresKvmFactAttribute().Skip;
}
