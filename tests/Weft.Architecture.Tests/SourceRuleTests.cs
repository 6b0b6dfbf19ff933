using System.Text.RegularExpressions;

namespace Weft.Architecture.Tests;

/// <summary>House rules that the compiler doesn't know.</summary>
public sealed partial class SourceRuleTests
{
    private const int LongestFileLines = 450;

    /// <summary>Tables of numbers and names, one a line, may be long.</summary>
    private static readonly string[] Tables = ["src/Weft.Native/SystemCall.cs", "src/Weft.Native/SystemCallNames.cs", "src/Weft.Native/Errno.cs"];

    [Fact]
    public void Unsafe_code_stays_in_files_that_say_so()
    {
        var elsewhere = Sources().Where(file => !file.EndsWith(".Unsafe.cs", StringComparison.Ordinal)).SelectMany(file => SourceText.Places(file, UnsafeWord()));
        Assert.Empty(elsewhere);
    }

    [Fact]
    public void Native_imports_stay_in_Native_and_Kvm()
    {
        var elsewhere = Sources()
            .Where(file => !file.StartsWith("src/Weft.Native/", StringComparison.Ordinal) && !file.StartsWith("src/Weft.Kvm/", StringComparison.Ordinal))
            .SelectMany(file => SourceText.Places(file, NativeImport()));
        Assert.Empty(elsewhere);
    }

    [Fact]
    public void Native_imports_are_source_generated()
    {
        Assert.Empty(Sources().SelectMany(file => SourceText.Places(file, OldImport())));
    }

    [Fact]
    public void Files_stay_short_enough_to_read()
    {
        var tooLong = from file in Sources().Concat(Repository.Files("tests", "*.cs"))
                      where !Tables.Contains(file)
                      let lines = Repository.Read(file).AsSpan().Count('\n')
                      where lines >= LongestFileLines
                      select $"{file}: {lines} lines";
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        Assert.Empty(Sources().SelectMany(file => SourceText.Places(file, Unfinished())));
        var notes = from file in Sources()
                    from line in Repository.Read(file).Split('\n').Index()
                    where Notes().IsMatch(line.Item)
                    select $"{file}:{line.Index + 1}";
        Assert.Empty(notes);
    }

    [Fact]
    public void Threads_and_clocks_are_used_as_the_host_offers_them()
    {
        Assert.Empty(Sources().SelectMany(file => SourceText.Places(file, BannedCall())));
    }

    [Fact]
    public void Namespaces_follow_folders()
    {
        var astray = from file in Sources()
                     let expected = Path.GetDirectoryName(file)!["src/".Length..].Replace('/', '.')
                     let declared = NamespaceLine().Match(SourceText.CodeOf(Repository.Read(file)))
                     // The generator declares a type that the compiler looks for in the runtime's namespace.
                     where !file.EndsWith("/IsExternalInit.cs", StringComparison.Ordinal)
                     where declared.Success && declared.Groups[1].Value != expected
                     select $"{file}: {declared.Groups[1].Value}";
        Assert.Empty(astray);
    }

    [Fact]
    public void Text_files_are_clean()
    {
        var files = new[] { "*.cs", "*.csproj", "*.sh", "*.md", "*.c", "*.h" }
            .SelectMany(pattern => new[] { "src", "tests", "build", "bench", "docs" }.SelectMany(folder => Repository.Files(folder, pattern)));
        var untidy = from file in files
                     let text = Repository.Read(file)
                     where text.Contains('\r') || text.Contains(" \n", StringComparison.Ordinal) || (text.Length > 0 && !text.EndsWith('\n'))
                     // Two blanks at a line's end break it in Markdown.
                     where !file.EndsWith(".md", StringComparison.Ordinal) || text.Contains('\r')
                     select file;
        Assert.Empty(untidy);
    }

    private static IEnumerable<string> Sources() => Repository.Files("src", "*.cs");

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeWord();

    [GeneratedRegex(@"\b(DllImport|LibraryImport)\b")]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"\bDllImport\b")]
    private static partial Regex OldImport();

    [GeneratedRegex(@"\bNotImplementedException\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\b(TODO|FIXME|XXX|HACK)\b")]
    private static partial Regex Notes();

    [GeneratedRegex(@"\bThread\.Sleep\((?!Timeout\.Infinite)|\bDateTime\.(UtcNow|Now)\b|\bGC\.Collect\b")]
    private static partial Regex BannedCall();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();
}
