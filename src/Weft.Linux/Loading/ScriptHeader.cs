using System.Diagnostics.CodeAnalysis;

namespace Weft.Linux.Loading;

/// <summary>
/// The "#!" line of a script, read as Linux reads it: the first 256 bytes count; one optional argument, which is the whole rest of the
/// line with blanks trimmed from both ends; a path that may be cut off is refused, an argument may be.
/// Source: execve(2), Linux fs/binfmt_script.c since 5.1.
/// </summary>
public static class ScriptHeader
{
    /// <summary>Bytes of a file that count.</summary>
    public const int MaxLength = 256;

    /// <summary>How often a script's interpreter may itself be a script; one more is ELOOP.</summary>
    public const int MaxDepth = 5;

    /// <summary>Reads the line.</summary>
    /// <param name="head">The file's first <see cref="MaxLength"/> bytes, or all of a shorter file; what follows them is ignored.</param>
    /// <param name="interpreter">The path, if true is returned; it may be empty, which names no file (ENOENT).</param>
    /// <param name="argument">The argument, or null if there is none.</param>
    /// <returns>False if this is no script, or one that Linux refuses (both ENOEXEC).</returns>
    public static bool TryParse(
        ReadOnlySpan<byte> head, [NotNullWhen(true)] out byte[]? interpreter, out byte[]? argument)
    {
        interpreter = null;
        argument = null;
        Span<byte> buffer = stackalloc byte[MaxLength];
        buffer.Clear();
        head[..Math.Min(head.Length, MaxLength)].CopyTo(buffer);
        if (!buffer.StartsWith("#!"u8) || !TryFindEnd(buffer, out int end))
            return false;

        while (IsBlank(buffer[end - 1]))
            end--;
        int name = SkipBlanks(buffer, 2, end);
        if (name < 0 || name == end)
            return false;

        int separator = FindTerminator(buffer, name, end);
        int rest = separator >= 0 && buffer[separator] != 0 ? SkipBlanks(buffer, separator, end) : -1;
        buffer[end] = 0;
        if (rest >= 0)
        {
            buffer[separator] = 0;
            argument = UpToNul(buffer[rest..]);
        }

        interpreter = UpToNul(buffer[name..]);
        return true;
    }

    /// <summary>The arguments of the interpreter: itself, its argument, the script's path, then the script's own from the second on.</summary>
    /// <param name="interpreter">From <see cref="TryParse"/>.</param>
    /// <param name="argument">From <see cref="TryParse"/>.</param>
    /// <param name="scriptPath">The path under which the script was started.</param>
    /// <param name="arguments">The script's arguments; the first, its name, is dropped.</param>
    public static byte[][] Arguments(byte[] interpreter, byte[]? argument, byte[] scriptPath, ReadOnlySpan<byte[]> arguments)
    {
        ReadOnlySpan<byte[]> own = arguments.IsEmpty ? arguments : arguments[1..];
        return argument is null ? [interpreter, scriptPath, .. own] : [interpreter, argument, scriptPath, .. own];
    }

    // Without a newline the line is the whole buffer, provided that something ends the path within it.
    private static bool TryFindEnd(ReadOnlySpan<byte> buffer, out int end)
    {
        end = buffer.IndexOfAny((byte)'\n', (byte)0);
        if (end >= 0 && buffer[end] == (byte)'\n')
            return true;
        end = MaxLength - 1;
        int name = SkipBlanks(buffer, 2, end);
        return name >= 0 && FindTerminator(buffer, name, end) >= 0;
    }

    private static int SkipBlanks(ReadOnlySpan<byte> buffer, int from, int last)
    {
        for (int i = from; i <= last; i++)
        {
            if (!IsBlank(buffer[i]))
                return i;
        }

        return -1;
    }

    private static int FindTerminator(ReadOnlySpan<byte> buffer, int from, int last)
    {
        for (int i = from; i <= last; i++)
        {
            if (IsBlank(buffer[i]) || buffer[i] == 0)
                return i;
        }

        return -1;
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t';

    private static byte[] UpToNul(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return (end < 0 ? bytes : bytes[..end]).ToArray();
    }
}
