namespace Weft.Linux.Proc;

/// <summary>/proc/PID/limits: the host's of the VMM, with the program's own limit of open files.</summary>
internal static class LimitsText
{
    private const string OpenFiles = "Max open files";
    private const int SoftColumn = 26, ColumnWidth = 21;

    /// <summary>All lines.</summary>
    internal static string Of(TaskView view, ViewContext context)
    {
        string[] lines = context.Host.ReadText("/proc/self/limits").Split('\n');
        int index = Array.FindIndex(lines, line => line.StartsWith(OpenFiles, StringComparison.Ordinal));
        if (index >= 0 && lines[index].Length > SoftColumn + ColumnWidth)
            lines[index] = lines[index][..SoftColumn] + $"{view.Process.Files.Limit}".PadRight(ColumnWidth) + lines[index][(SoftColumn + ColumnWidth)..];
        return string.Join('\n', lines);
    }
}
