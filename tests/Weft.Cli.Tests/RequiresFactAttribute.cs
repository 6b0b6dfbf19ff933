namespace Weft.Cli.Tests;

/// <summary>A test that is skipped where a device or program is missing.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RequiresFactAttribute : FactAttribute
{
    /// <param name="needs">"/dev/…" for a device that can be opened, "weftd" for the daemon that is built, else names of programs.</param>
    public RequiresFactAttribute(params string[] needs)
    {
        foreach (string need in needs)
            if (need == "weftd" ? !File.Exists(Shell.Daemon) : need.StartsWith('/') ? !CanOpen(need) : !Shell.Has(need))
                Skip = $"needs {need}";
    }

    private static bool CanOpen(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
