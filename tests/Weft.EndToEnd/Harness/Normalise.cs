using System.Text.RegularExpressions;

namespace Weft.EndToEnd.Harness;

/// <summary>Removes what differs from run to run by its nature.</summary>
internal static partial class Normalise
{
    /// <summary>Hexadecimal numbers with 0x become "0x?".</summary>
    public static string Addresses(string text) => Hexadecimal().Replace(text, "0x?");

    /// <summary>Every decimal number, with its fraction, becomes "#".</summary>
    public static string Numbers(string text) => Number().Replace(text, "#");

    /// <summary>Lines in order of their bytes: for output of threads that race.</summary>
    public static string LineOrder(string text) =>
        string.Join('\n', text.Split('\n').Order(StringComparer.Ordinal));

    [GeneratedRegex("0x[0-9a-fA-F]+")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex("[0-9]+(\\.[0-9]+)?")]
    private static partial Regex Number();
}
