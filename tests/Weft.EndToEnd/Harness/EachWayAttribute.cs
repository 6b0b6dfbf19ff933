using System.Reflection;
using Xunit.Sdk;

namespace Weft.EndToEnd.Harness;

/// <summary>
/// Runs a theory by each enabled way of system calls, for each case. The method takes the case first, where there
/// are cases, and the way last.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class EachWayAttribute(params string[] cases) : DataAttribute
{
    /// <summary>A static property of the test class that lists the cases instead.</summary>
    public string? From { get; init; }

    /// <summary>For long cases: each runs by one of the ways only, and the cases are spread over them, unless <see cref="SystemCallWays.All"/>.</summary>
    public bool Spread { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        if (From is null && cases.Length == 0)
            return Ways(testMethod.Name).Select(way => new object[] { way });
        return Cases(testMethod).SelectMany(one => Ways(one).Select(way => new object[] { one, way }));
    }

    private IEnumerable<string> Ways(string one) => Spread && !SystemCallWays.All ? [SystemCallWays.For(one)] : SystemCallWays.Enabled;

    private IEnumerable<string> Cases(MethodInfo testMethod)
    {
        if (From is null)
            return cases;
        var property = testMethod.DeclaringType!.GetProperty(From, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic);
        return (IEnumerable<string>?)property?.GetValue(null)
            ?? throw new InvalidOperationException($"{testMethod.DeclaringType} has no static property {From}");
    }
}
