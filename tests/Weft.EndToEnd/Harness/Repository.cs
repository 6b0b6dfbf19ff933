namespace Weft.EndToEnd.Harness;

/// <summary>Where things are in the working copy.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>Weft.slnx</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Sources of the programs that run end to end.</summary>
    public static string Programs { get; } = Path.Combine(Root, "tests/programs");

    /// <summary>What these tests build and leave behind; ignored by git.</summary>
    public static string Artifacts { get; } = Directory.CreateDirectory(Path.Combine(Root, "artifacts/e2e")).FullName;

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Weft.slnx")))
                return folder;
        throw new InvalidOperationException($"no Weft.slnx above {AppContext.BaseDirectory}");
    }
}
