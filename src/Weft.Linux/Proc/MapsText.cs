using System.Text;
using Weft.Linux.Memory;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/maps. Source: linux/fs/proc/task_mmu.c, show_map_vma.</summary>
internal static class MapsText
{
    private const int NameColumn = 73;

    /// <summary>All lines.</summary>
    internal static string Of(AddressSpace memory, FileNames names)
    {
        StringBuilder text = new();
        foreach (MemoryArea area in memory.SnapshotAreas())
            AppendLine(text, area, names);
        return text.ToString();
    }

    /// <summary>One line; smaps begins its entries with it.</summary>
    internal static void AppendLine(StringBuilder text, MemoryArea area, FileNames names)
    {
        int start = text.Length;
        char read = (area.Protection & Protection.Read) != 0 ? 'r' : '-', write = (area.Protection & Protection.Write) != 0 ? 'w' : '-';
        char execute = (area.Protection & Protection.Execute) != 0 ? 'x' : '-', shared = area.IsShared ? 's' : 'p';
        ulong offset = area.File is null ? 0 : area.FileOffset, device = area.File?.Device ?? 0, inode = area.File?.Inode ?? 0;
        text.Append($"{area.Start:x8}-{area.End:x8} {read}{write}{execute}{shared} {offset:x8} {Major(device):x2}:{Minor(device):x2} {inode} ");
        string name = names.Of(area);
        if (name.Length > 0)
            text.Append(' ', Math.Max(0, NameColumn - (text.Length - start))).Append(name);
        text.Append('\n');
    }

    /// <summary>The major number of an st_dev. Source: sys/sysmacros.h.</summary>
    internal static ulong Major(ulong device) => device >> 8 & 0xfff | device >> 32 & ~0xffful;

    /// <summary>The minor number of an st_dev. Source: sys/sysmacros.h.</summary>
    internal static ulong Minor(ulong device) => device & 0xff | device >> 12 & 0xffffff00;
}
