namespace Weft.Vm.Doctor;

/// <summary>Small files of /proc and /sys.</summary>
internal static class HostFile
{
    /// <summary>The trimmed text; null when it isn't there or may not be read.</summary>
    internal static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The choice in brackets of a file such as "always [madvise] never".</summary>
    internal static string? Chosen(string path)
    {
        string? text = Read(path);
        int open = text?.IndexOf('[') ?? -1, close = text?.IndexOf(']') ?? -1;
        return open >= 0 && close > open ? text![(open + 1)..close] : text;
    }

    /// <summary>The names in a directory; empty when there is none.</summary>
    internal static string[] List(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
