using System.Text;

namespace Weft.Cli.Tests;

/// <summary>Command lines as tests write them.</summary>
internal static class Words
{
    internal static byte[][] Of(params string[] words) => [.. words.Select(Encoding.UTF8.GetBytes)];

    internal static string[] Text(IEnumerable<byte[]> words) => [.. words.Select(Encoding.UTF8.GetString)];

    internal static RunOptions Options(params string[] words) => RunOptionReader.Read(RunLineParser.Parse(Of(words)));

    internal static string Error(params string[] words) => Assert.Throws<UsageException>(() => Options(words)).Message;
}
