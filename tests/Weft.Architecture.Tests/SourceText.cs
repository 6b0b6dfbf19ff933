using System.Text.RegularExpressions;

namespace Weft.Architecture.Tests;

/// <summary>C# source without what only looks like code.</summary>
internal static partial class SourceText
{
    /// <summary>The code alone: comments, strings and characters become blanks, lines stay where they are.</summary>
    public static string CodeOf(string source) =>
        NotCode().Replace(source, match => new string([.. match.Value.Select(c => c == '\n' ? '\n' : ' ')]));

    /// <summary>"file:line" of each place where the code of a file matches.</summary>
    public static IEnumerable<string> Places(string file, Regex pattern)
    {
        string code = CodeOf(Repository.Read(file));
        return pattern.Matches(code).Select(match => $"{file}:{code.AsSpan(0, match.Index).Count('\n') + 1}");
    }

    [GeneratedRegex("""
        "{3,}.*?"{3,} | @\$?"(?:[^"]|"")*" | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)+' | //[^\n]* | /\*.*?\*/
        """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex NotCode();
}
