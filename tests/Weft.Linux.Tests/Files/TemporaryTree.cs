namespace Weft.Linux.Tests.Files;

/// <summary>A directory tree of a test's own, removed at the end.</summary>
internal sealed class TemporaryTree : IDisposable
{
    internal string Root { get; } = Directory.CreateTempSubdirectory("weft-files-").FullName;

    internal string this[string path] => Path.Combine(Root, path);

    internal TemporaryTree With(string path, string content = "")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.WriteAllText(this[path], content);
        return this;
    }

    internal TemporaryTree WithDirectory(string path)
    {
        Directory.CreateDirectory(this[path]);
        return this;
    }

    internal TemporaryTree WithLink(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[path])!);
        File.CreateSymbolicLink(this[path], target);
        return this;
    }

    public void Dispose() => Directory.Delete(Root, true);
}
