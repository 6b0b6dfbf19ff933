using System.Globalization;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/fd and fdinfo: the program's descriptors.</summary>
internal sealed class DescriptorTree(ViewContext context)
{
    private const int OwnerReadExecute = 0x140, OwnerRead = 0x100;

    /// <summary>The directory fd.</summary>
    internal ViewNode Links() => new DynamicDirectory(
        (thread, name) => Number(thread, name) is { } number ? new DescriptorLink(number) : null,
        thread => List(thread, VirtualNodeKind.Symlink), OwnerReadExecute);

    /// <summary>The directory fdinfo.</summary>
    internal ViewNode Infos() => new DynamicDirectory(
        (thread, name) => Number(thread, name) is { } number ? ViewFile.Text(reader => Info(reader, number), OwnerRead) : null,
        thread => List(thread, VirtualNodeKind.File));

    /// <summary>The host's lines with the program's FD_CLOEXEC; lines that name other descriptors by the host's number are left out.</summary>
    private string Info(GuestThread thread, int number)
    {
        const long closeOnExec = 0x80000;
        using FileLease file = thread.Files.Rent(number);
        if (!file.IsOpen)
            return "";
        bool closes = thread.Files.GetCloseOnExec(number) == true;
        return KeyedLines.Rewrite(context.Host.ReadText($"/proc/self/fdinfo/{file.Host}"), (key, value) => key switch
        {
            "flags" => "\t0" + Convert.ToString(ParseOctal(value.Trim()) & ~closeOnExec | (closes ? closeOnExec : 0), 8),
            "tfd" => null,
            _ => value,
        });
    }

    private static long ParseOctal(string text)
    {
        long value = 0;
        foreach (char digit in text)
            value = value << 3 | (long)(digit - '0') & 7;
        return value;
    }

    private static int? Number(GuestThread thread, string name) =>
        name.Length > 0 && (name[0] != '0' || name.Length == 1)
        && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && thread.Files.GetCloseOnExec(number) is not null ? number : null;

    private static IReadOnlyList<VirtualEntry> List(GuestThread thread, VirtualNodeKind kind)
    {
        int[] open = thread.Files.OpenDescriptors();
        VirtualEntry[] entries = new VirtualEntry[open.Length];
        for (int i = 0; i < open.Length; i++)
            entries[i] = new VirtualEntry(open[i].ToString(CultureInfo.InvariantCulture), kind);
        return entries;
    }

    private sealed class DescriptorLink(int number) : ViewNode
    {
        internal override VirtualNodeKind Kind => VirtualNodeKind.Symlink;

        internal override VirtualNode Describe(GuestThread thread) => VirtualNode.Descriptor(number);
    }
}
