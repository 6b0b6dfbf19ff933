using System.Globalization;
using System.Text.RegularExpressions;
using Weft.Linux.Loading;

namespace Weft.Linux.Tests.Loading;

/// <summary>What binutils' readelf says of a file.</summary>
internal sealed partial record ReadElf(
    bool IsDynamic, ulong Entry, ulong TableOffset, int Count, IReadOnlyList<ReadElf.Header> Headers)
{
    internal static ReadElf Of(string path)
    {
        string text = Tools.Text("/usr/bin/env", "LC_ALL=C", "readelf", "-lhW", path);
        Header[] headers = [.. HeaderLine().Matches(text).Select(m => new Header(
            m.Groups[1].Value,
            Number(m.Groups[2].Value),
            Number(m.Groups[3].Value),
            Number(m.Groups[4].Value),
            Number(m.Groups[5].Value),
            m.Groups[6].Value,
            Number(m.Groups[7].Value)))];
        return new(
            Regex.IsMatch(text, @"Type:\s+DYN"),
            Number(Regex.Match(text, @"Entry point address:\s+(0x\w+)").Groups[1].Value),
            ulong.Parse(Regex.Match(text, @"Start of program headers:\s+(\d+)").Groups[1].Value, CultureInfo.InvariantCulture),
            int.Parse(Regex.Match(text, @"Number of program headers:\s+(\d+)").Groups[1].Value, CultureInfo.InvariantCulture),
            headers);
    }

    internal Header? Find(string type) => Headers.FirstOrDefault(h => h.Type == type);

    private static ulong Number(string text) => Convert.ToUInt64(text, 16);

    [GeneratedRegex(@"^\s+(\S+)\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) (0x\w+) ([R ][W ][E ]) (0x\w+|0)$", RegexOptions.Multiline)]
    private static partial Regex HeaderLine();

    internal sealed record Header(
        string Type, ulong Offset, ulong Address, ulong FileSize, ulong MemorySize, string Flags, ulong Alignment)
    {
        internal SegmentProtection Protection
            => (Flags[0] == 'R' ? SegmentProtection.Read : 0)
                | (Flags[1] == 'W' ? SegmentProtection.Write : 0)
                | (Flags[2] == 'E' ? SegmentProtection.Execute : 0);
    }
}
