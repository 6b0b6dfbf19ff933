using System.Text;

namespace Weft.Linux.Proc;

/// <summary>Rewrites texts of "Key: value" lines, keeping the host's order and keys.</summary>
internal static class KeyedLines
{
    /// <summary>Rewrites a text.</summary>
    /// <param name="text">Lines with a colon after the key.</param>
    /// <param name="rewrite">What follows the colon for a key, given the old one; null drops the line.</param>
    internal static string Rewrite(string text, Func<string, string, string?> rewrite)
    {
        StringBuilder result = new(text.Length);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int colon = line.IndexOf(':');
            if (colon < 0)
                result.Append(line).Append('\n');
            else if (rewrite(line[..colon], line[(colon + 1)..]) is { } value)
                result.Append(line, 0, colon + 1).Append(value).Append('\n');
        }
        return result.ToString();
    }
}
