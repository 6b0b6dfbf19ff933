namespace Weft.Linux.Tests.Loading;

/// <summary>A fact that is skipped, with its reason, where a program of the machine is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresToolsFactAttribute : FactAttribute
{
    public RequiresToolsFactAttribute(params string[] tools)
    {
        string? missing = Array.Find(tools, tool => Tools.Find(tool) is null);
        if (missing is not null)
            Skip = $"{missing} is not installed";
    }
}
