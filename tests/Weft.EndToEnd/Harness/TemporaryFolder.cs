namespace Weft.EndToEnd.Harness;

/// <summary>A folder of its own for one case, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>Its full path, short enough for a Unix socket inside.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("weft-").FullName;

    /// <summary>Writes a file of that name and returns its full path.</summary>
    public string Write(string name, string content)
    {
        string path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A killed program's descendant may still write; the folder is in the temporary one anyway.
        }
    }
}
