using System.Text;

namespace Weft.Cli;

/// <summary>Rows of text in columns: numbers to the right, the rest to the left.</summary>
/// <param name="columns">The headings; one that begins with '>' stands above numbers.</param>
public sealed class TextTable(params IReadOnlyList<string> columns)
{
    private const int Gap = 2;
    private readonly List<string[]> _rows = [[.. columns.Select(column => column.TrimStart('>'))]];

    /// <summary>Adds a row; control characters in it do not reach the terminal, and what is empty shows as '-'.</summary>
    public void Add(params string[] cells) =>
        _rows.Add([.. cells.Select(cell => cell.Length == 0 ? "-" : Printable(cell))]);

    /// <summary>A text without control characters: a program's name must not steer the terminal.</summary>
    internal static string Printable(string text) => string.Create(text.Length, text, static (letters, from) =>
    {
        for (int i = 0; i < letters.Length; i++)
            letters[i] = char.IsControl(from[i]) ? '?' : from[i];
    });

    /// <summary>The table, a line a row.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        int[] widths = new int[columns.Count];
        foreach (string[] row in _rows)
            for (int column = 0; column < widths.Length; column++)
                widths[column] = Math.Max(widths[column], row[column].Length);
        foreach (string[] row in _rows)
        {
            StringBuilder line = new();
            for (int column = 0; column < widths.Length; column++)
            {
                string cell = columns[column].StartsWith('>') ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column]);
                line.Append(cell).Append(' ', Gap);
            }
            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
        return text.ToString();
    }
}
