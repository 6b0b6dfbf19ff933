namespace Weft.Cli;

/// <summary>This process's words as the kernel has them: .NET's strings lose bytes that are not UTF-8, and repeated variables.</summary>
public static class RawProcess
{
    /// <summary>The arguments behind the command's own name.</summary>
    /// <param name="count">How many .NET saw: a host such as `dotnet weft.dll` puts its own before.</param>
    public static IReadOnlyList<byte[]> Arguments(int count)
    {
        List<byte[]> all = Split(File.ReadAllBytes("/proc/self/cmdline"));
        return all.GetRange(Math.Max(0, all.Count - count), Math.Min(count, all.Count));
    }

    /// <summary>The environment at the start, "NAME=value" each.</summary>
    public static List<byte[]> Environment() => Split(File.ReadAllBytes("/proc/self/environ"));

    /// <summary>Cuts strings apart that each end with a zero byte.</summary>
    public static List<byte[]> Split(ReadOnlySpan<byte> bytes)
    {
        List<byte[]> result = [];
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)0);
            result.Add((end < 0 ? bytes : bytes[..end]).ToArray());
            bytes = end < 0 ? [] : bytes[(end + 1)..];
        }
        return result;
    }
}
