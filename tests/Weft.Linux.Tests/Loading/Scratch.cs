namespace Weft.Linux.Tests.Loading;

/// <summary>A folder for files that a test runs; gone afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    internal string Folder { get; } = Directory.CreateTempSubdirectory("weft-loading-").FullName;

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    internal string Executable(string name, byte[] bytes)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, bytes);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    internal string Compile(string name, string source, params string[] options)
    {
        string from = Path.Combine(Folder, name + ".c");
        string to = Path.Combine(Folder, name);
        File.WriteAllText(from, source);
        Tools.Text("gcc", ["-O1", "-o", to, from, .. options]);
        return to;
    }
}
