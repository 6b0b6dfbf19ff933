using Weft.Machine;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/cmdline and environ: the strings as they stand in the program's memory, which it may have rewritten.</summary>
internal static class ArgumentText
{
    private const int MostBytes = 6 << 20;

    /// <summary>/proc/PID/cmdline.</summary>
    /// <remarks>
    /// A program that overwrote the 0 behind its last argument has made the whole range one title, which may go on
    /// into the environment. Source: linux/fs/proc/base.c, get_mm_proctitle.
    /// </remarks>
    internal static byte[] CommandLine(TaskView view)
    {
        if (view.Process.Image is not { } image)
            return [];
        byte[] arguments = Read(view, image.ArgumentsStart, LengthOf(image.Arguments));
        if (arguments.Length == 0 || arguments[^1] == 0)
            return arguments;
        ulong end = image.EnvironmentStart + LengthOf(image.Environment);
        byte[] title = end > image.ArgumentsStart ? Read(view, image.ArgumentsStart, end - image.ArgumentsStart) : arguments;
        int zero = Array.IndexOf(title, (byte)0);
        return zero < 0 ? title : title[..(zero + 1)];
    }

    /// <summary>/proc/PID/environ.</summary>
    internal static byte[] Environment(TaskView view) =>
        view.Process.Image is { } image ? Read(view, image.EnvironmentStart, LengthOf(image.Environment)) : [];

    /// <summary>Bytes of strings that lie one behind the other, each with its 0.</summary>
    internal static ulong LengthOf(IReadOnlyList<byte[]> strings)
    {
        ulong length = 0;
        for (int i = 0; i < strings.Count; i++)
            length += (ulong)strings[i].Length + 1;
        return length;
    }

    private static byte[] Read(TaskView view, ulong address, ulong length)
    {
        byte[] bytes = new byte[(int)Math.Min(length, MostBytes)];
        return view.Memory.TryRead(new GuestVirtualAddress(address), bytes) ? bytes : [];
    }
}
