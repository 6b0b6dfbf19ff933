using System.Globalization;

namespace Weft.Vm.Stats;

/// <summary>How much of this process is in memory, by the host's account. Source: proc(5).</summary>
internal static class ResidentMemory
{
    /// <summary>Bytes of all mappings that begin in a range of host addresses.</summary>
    internal static ulong InRange(ulong start, ulong lengthBytes)
    {
        ulong sum = 0;
        bool inside = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            int dash = line.IndexOf('-');
            if (dash > 0 && char.IsAsciiHexDigitLower(line[0])
                && ulong.TryParse(line.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address))
                inside = address - start < lengthBytes;
            else if (inside && line.StartsWith("Rss:", StringComparison.Ordinal))
                sum += Kilobytes(line);
        }
        return sum;
    }

    /// <summary>A member of /proc/self/status, in bytes; 0 when it isn't there.</summary>
    internal static ulong Status(string name) => Member("/proc/self/status", name);

    /// <summary>A line "Name: N kB" of a file, in bytes; 0 when it isn't there.</summary>
    internal static ulong Member(string path, string name)
    {
        foreach (string line in File.ReadLines(path))
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':')
                return Kilobytes(line);
        return 0;
    }

    private static ulong Kilobytes(string line)
    {
        ReadOnlySpan<char> number = line.AsSpan(line.IndexOf(':') + 1).Trim();
        if (number.IndexOf(' ') is > 0 and var end)
            number = number[..end];
        return ulong.TryParse(number, CultureInfo.InvariantCulture, out ulong kilobytes) ? kilobytes * 1024 : 0;
    }
}
