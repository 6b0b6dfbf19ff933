namespace Weft.Architecture.Tests;

/// <summary>The working copy, as files.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>Weft.slnx</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Files below a folder of the repository, by pattern, without what builds leave; relative to the root.</summary>
    public static IEnumerable<string> Files(string folder, string pattern)
    {
        string top = Path.Combine(Root, folder);
        if (!Directory.Exists(top))
            return [];
        return Directory.EnumerateFiles(top, pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.Split('/').Any(part => part is "obj" or "bin" or "artifacts"))
            .Order(StringComparer.Ordinal);
    }

    /// <summary>The text of a file named relative to the root.</summary>
    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Weft.slnx")))
                return folder;
        throw new InvalidOperationException($"no Weft.slnx above {AppContext.BaseDirectory}");
    }
}
