using System.Globalization;
using System.Text;

namespace Weft.Vm.Trace;

/// <summary>Strings and buffers of the program as C would write them.</summary>
internal static class TraceText
{
    private const int LongestPath = 4096, PathPiece = 64, ShownBytes = 32;

    /// <summary>A zero-terminated string; its address where it can't be read.</summary>
    internal static void AppendString(TracedCall call, ulong address)
    {
        Span<byte> piece = stackalloc byte[PathPiece];
        if (address == 0 || !call.Memory.TryRead(address, piece[..1]))
        {
            call.Pointer(address);
            return;
        }
        call.Text.Append('"');
        for (int read = 0; read < LongestPath;)
        {
            // Never read over a page's end: what follows may not be there.
            int length = (int)Math.Min(PathPiece, 4096 - ((address + (ulong)read) & 4095));
            Span<byte> part = piece[..length];
            if (!call.Memory.TryRead(address + (ulong)read, part))
                break;
            int end = part.IndexOf((byte)0);
            AppendEscaped(call.Text, end < 0 ? part : part[..end]);
            if (end >= 0)
            {
                call.Text.Append('"');
                return;
            }
            read += length;
        }
        call.Text.Append("\"…");
    }

    /// <summary>The first bytes of a buffer.</summary>
    internal static void AppendBuffer(TracedCall call, ulong address, ulong length)
    {
        Span<byte> bytes = stackalloc byte[ShownBytes];
        bytes = bytes[..(int)Math.Min(length, ShownBytes)];
        if (address == 0 || !call.Memory.TryRead(address, bytes))
        {
            call.Pointer(address);
            return;
        }
        call.Text.Append('"');
        AppendEscaped(call.Text, bytes);
        call.Text.Append(length > ShownBytes ? "\"…" : "\"");
    }

    /// <summary>Printable ASCII as it is, the rest as C escapes.</summary>
    internal static void AppendEscaped(StringBuilder text, ReadOnlySpan<byte> bytes)
    {
        for (int index = 0; index < bytes.Length; index++)
        {
            byte value = bytes[index];
            switch (value)
            {
                case (byte)'"' or (byte)'\\':
                    text.Append('\\').Append((char)value);
                    break;
                case (byte)'\n':
                    text.Append("\\n");
                    break;
                case (byte)'\t':
                    text.Append("\\t");
                    break;
                case (byte)'\r':
                    text.Append("\\r");
                    break;
                case >= 0x20 and < 0x7f:
                    text.Append((char)value);
                    break;
                default:
                    AppendOctal(text, value, index + 1 < bytes.Length && bytes[index + 1] is >= (byte)'0' and <= (byte)'7');
                    break;
            }
        }
    }

    private static void AppendOctal(StringBuilder text, byte value, bool digitFollows) =>
        text.Append('\\').Append(Convert.ToString(value, 8).PadLeft(digitFollows ? 3 : 1, '0').ToString(CultureInfo.InvariantCulture));
}
