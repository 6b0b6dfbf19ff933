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

    /// <summary>The caller's environment, "NAME=value" each: this process's, or what the launcher script got before its shell changed it.</summary>
    public static List<byte[]> Environment() => CallersOf(Split(File.ReadAllBytes("/proc/self/environ")));

    /// <summary>What the launcher script wraps into one variable is the caller's environment; without it, all is.</summary>
    public static List<byte[]> CallersOf(List<byte[]> environment)
    {
        const byte separator = 0x1e;
        byte[]? wrapped = environment.Find(variable => variable.AsSpan().StartsWith("WEFT_CALLER_ENVIRONMENT="u8));
        return wrapped is null ? environment : Split(wrapped.AsSpan("WEFT_CALLER_ENVIRONMENT=".Length), separator);
    }

    /// <summary>Cuts strings apart that each end with a separator, a zero byte where none is said.</summary>
    public static List<byte[]> Split(ReadOnlySpan<byte> bytes, byte separator = 0)
    {
        List<byte[]> result = [];
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf(separator);
            result.Add((end < 0 ? bytes : bytes[..end]).ToArray());
            bytes = end < 0 ? [] : bytes[(end + 1)..];
        }
        return result;
    }
}
