using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Weft.EndToEnd.Harness;

/// <summary>A small tree of files, the same every time, and descriptions of what a tool made of it.</summary>
internal static class Tree
{
    private const long HashLimitBytes = 64 << 20;
    private static readonly DateTime Planted = DateTime.UnixEpoch.AddSeconds(1_600_000_000);

    /// <summary>Makes <c>tree/</c> in <paramref name="folder"/>: texts, numbers, words, random bytes and a link.</summary>
    public static void Plant(string folder)
    {
        string tree = Path.Combine(folder, "tree");
        string text = Path.Combine(tree, "text");
        Directory.CreateDirectory(text);
        for (int i = 1; i <= 50; i++)
            File.WriteAllText(Path.Combine(text, $"{i}.txt"), Lines(i * i, n => $"line {n}"));
        File.WriteAllText(Path.Combine(tree, "numbers"), Lines(20_000, n => string.Create(CultureInfo.InvariantCulture, $"{n * 7919L % 20_011} {n % 97}")));
        File.WriteAllText(Path.Combine(tree, "words"), Lines(500, n => $"word:{n / 3}:{n % 2}"));
        File.WriteAllText(Path.Combine(tree, "macros"), "define(`twice', `$1 $1')twice(X) len(`weft')\n");
        byte[] random = new byte[300_000];
        new Random(7).NextBytes(random);
        File.WriteAllBytes(Path.Combine(tree, "random"), random);
        File.CreateSymbolicLink(Path.Combine(tree, "link"), "text/7.txt");
        foreach (string path in Directory.EnumerateFileSystemEntries(tree, "*", SearchOption.AllDirectories).Append(tree))
            if (new FileInfo(path).LinkTarget is null)
                File.SetLastWriteTimeUtc(path, Planted);
        new FileInfo(Path.Combine(tree, "link")).LastWriteTimeUtc = Planted;
        Directory.SetLastWriteTimeUtc(tree, Planted);
        Directory.SetLastWriteTimeUtc(text, Planted);
    }

    /// <summary>A line an entry below <paramref name="folder"/>: name, kind, mode, length and a hash of the content.</summary>
    public static string Describe(string folder)
    {
        var lines = new StringBuilder();
        foreach (string path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var info = new FileInfo(path);
            lines.Append(Path.GetRelativePath(folder, path)).Append(' ').Append(info.UnixFileMode);
            if (info.LinkTarget is { } target)
                lines.Append(" -> ").Append(target);
            else if (info.Exists)
                lines.Append(CultureInfo.InvariantCulture, $" {info.Length} {Hash(info)}");
            lines.Append('\n');
        }
        return lines.ToString();
    }

    private static string Hash(FileInfo file)
    {
        if (file.Length > HashLimitBytes)
            return "(large)";
        using var content = file.OpenRead();
        return Convert.ToHexString(SHA256.HashData(content));
    }

    private static string Lines(int count, Func<int, string> line) =>
        string.Concat(Enumerable.Range(1, count).Select(n => line(n) + "\n"));
}
