namespace Weft.EndToEnd.Harness;

/// <summary>Whether a case can run here.</summary>
internal static class Requirements
{
    /// <summary>Stands among the programs for: the tests run as root.</summary>
    public const string Root = "(root)";

    /// <summary>Why a case that needs a VM and these programs or files must be skipped, or null.</summary>
    public static string? WhySkip(IEnumerable<string> programs)
    {
        if (WeftBinary.WhyNoVm is { } reason)
            return reason;
        foreach (string program in programs)
            if (program == Root)
            {
                if (!Environment.IsPrivilegedProcess)
                    return "this case needs root";
            }
            else if (Surroundings.Find(program) is null && !Directory.Exists(program))
                return $"{program} is not installed (build/setup.sh installs it where the distribution has it)";
        return null;
    }
}
