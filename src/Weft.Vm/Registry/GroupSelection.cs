using Weft.Linux;

namespace Weft.Vm.Registry;

/// <summary>Which group a VM joins: --group, else WEFT_GROUP, else the launcher's job.</summary>
public static class GroupSelection
{
    /// <summary>The variable that names a group.</summary>
    public const string Variable = "WEFT_GROUP";

    /// <summary>The group; null for none.</summary>
    /// <param name="given">--group's value, checked, or null.</param>
    /// <param name="variable">A variable of the caller's environment.</param>
    /// <exception cref="IOException">The variable holds no name of a group; says what would be right.</exception>
    public static GroupChoice? Choose(string? given, Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (given is not null)
            return new GroupChoice(given, "--group");
        if (variable(Variable) is not { Length: > 0 } name)
            return LauncherJob.Find(variable);
        return GroupName.IsValid(name) ? new GroupChoice(name, Variable)
            : throw new IOException($"{Variable}: '{name}' is no name of a group; use at most {GroupName.Longest} letters, digits and _.- after a letter or digit");
    }
}
