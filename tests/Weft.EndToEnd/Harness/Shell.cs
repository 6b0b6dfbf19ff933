using System.Text.RegularExpressions;

namespace Weft.EndToEnd.Harness;

/// <summary>Quoting for a POSIX shell.</summary>
internal static partial class Shell
{
    /// <summary>One word that the shell reads back as <paramref name="text"/>.</summary>
    public static string Quote(string text) =>
        Plain().IsMatch(text) ? text : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    [GeneratedRegex("^[A-Za-z0-9_@%+=:,./-]+$")]
    private static partial Regex Plain();
}
