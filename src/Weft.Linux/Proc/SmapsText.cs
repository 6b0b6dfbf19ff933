using System.Text;
using Weft.Linux.Memory;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID/smaps, smaps_rollup and numa_maps. Source: linux/fs/proc/task_mmu.c.</summary>
internal static class SmapsText
{
    private const ulong BytesAKilobyte = 1024, PageSize = 4096;

    /// <summary>smaps.</summary>
    internal static string Of(TaskView view, ViewContext context)
    {
        StringBuilder text = new();
        FileNames names = new(context);
        using ResidentPages pages = new(view.Process.Kernel.Machine.Memory);
        foreach (MemoryArea area in view.Memory.SnapshotAreas())
        {
            MapsText.AppendLine(text, area, names);
            Line(text, "Size", area.Length);
            Line(text, "KernelPageSize", PageSize);
            Line(text, "MMUPageSize", PageSize);
            AppendUse(text, pages.Count(area), true);
            Line(text, "Locked", area.IsLocked ? area.Length : 0);
            text.Append("THPeligible:           0\nVmFlags: ").Append(Flags(area)).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>smaps_rollup.</summary>
    internal static string Rollup(TaskView view)
    {
        MemoryArea[] areas = view.Memory.SnapshotAreas();
        if (areas.Length == 0)
            return "";
        using ResidentPages pages = new(view.Process.Kernel.Machine.Memory);
        ResidentCounts sum = default;
        ulong locked = 0;
        foreach (MemoryArea area in areas)
        {
            sum += pages.Count(area);
            locked += area.IsLocked ? area.Length : 0;
        }
        const int nameColumn = 73;
        StringBuilder text = new();
        text.Append($"{areas[0].Start:x8}-{areas[^1].End:x8} ---p 00000000 00:00 0 ".PadRight(nameColumn)).Append("[rollup]\n");
        AppendUse(text, sum, false);
        Line(text, "Locked", locked);
        return text.ToString();
    }

    /// <summary>numa_maps: all pages are on node 0, where the VM has one node.</summary>
    internal static string Numa(TaskView view, ViewContext context)
    {
        StringBuilder text = new();
        FileNames names = new(context);
        using ResidentPages pages = new(view.Process.Kernel.Machine.Memory);
        foreach (MemoryArea area in view.Memory.SnapshotAreas())
        {
            ResidentCounts counts = pages.Count(area);
            text.Append($"{area.Start:x8} default");
            string name = names.Of(area);
            if (area.File is not null)
                text.Append(" file=").Append(name);
            else if (name is "[heap]" or "[stack]")
                text.Append(' ').Append(name, 1, name.Length - 2);
            ulong anonymous = counts.AnonymousBytes / PageSize, all = counts.Bytes / PageSize;
            if (anonymous > 0)
                text.Append($" anon={anonymous} dirty={anonymous}");
            if (all > anonymous)
                text.Append($" mapped={all}");
            if (all > 0)
                text.Append($" N0={all} kernelpagesize_kB=4");
            text.Append('\n');
        }
        return text.ToString();
    }

    private static void AppendUse(StringBuilder text, ResidentCounts counts, bool isArea)
    {
        ulong file = counts.Bytes - counts.AnonymousBytes;
        Line(text, "Rss", counts.Bytes);
        Line(text, "Pss", counts.Bytes);
        Line(text, "Pss_Dirty", counts.AnonymousBytes);
        if (!isArea)
        {
            Line(text, "Pss_Anon", counts.AnonymousBytes);
            Line(text, "Pss_File", file);
            Line(text, "Pss_Shmem", 0);
        }
        Line(text, "Shared_Clean", 0);
        Line(text, "Shared_Dirty", 0);
        Line(text, "Private_Clean", file);
        Line(text, "Private_Dirty", counts.AnonymousBytes);
        Line(text, "Referenced", counts.Bytes);
        Line(text, "Anonymous", counts.AnonymousBytes);
        foreach (string key in (string[])["KSM", "LazyFree", "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb"])
            Line(text, key, 0);
        Line(text, "Swap", counts.SwappedBytes);
        Line(text, "SwapPss", counts.SwappedBytes);
    }

    private static void Line(StringBuilder text, string key, ulong bytes)
    {
        const int keyColumns = 16, valueColumns = 8;
        text.Append((key + ":").PadRight(keyColumns)).Append((bytes / BytesAKilobyte).ToString().PadLeft(valueColumns)).Append(" kB\n");
    }

    private static string Flags(MemoryArea area)
    {
        StringBuilder flags = new();
        void Add(bool isSet, string flag)
        {
            if (isSet)
                flags.Append(flag).Append(' ');
        }
        bool isWritable = (area.Protection & Protection.Write) != 0;
        bool mayWrite = !area.IsShared || area.File is not { Writable: false };
        Add((area.Protection & Protection.Read) != 0, "rd");
        Add(isWritable, "wr");
        Add((area.Protection & Protection.Execute) != 0, "ex");
        Add(area.IsShared, "sh");
        Add(true, "mr");
        Add(mayWrite, "mw");
        Add(true, "me");
        Add(area.IsShared && mayWrite, "ms");
        Add(area.GrowsDown || area.Name == "[stack]", "gd");
        Add(area.IsLocked, "lo");
        Add(area.DontFork, "dc");
        Add(isWritable && !area.IsShared, "ac");
        return flags.ToString();
    }
}
