using System.Globalization;
using System.Text;

namespace Weft.Linux.Proc;

/// <summary>/sys/fs/cgroup: the VM as the only group of a version 2 hierarchy. Source: linux/Documentation/admin-guide/cgroup-v2.rst.</summary>
internal sealed class CgroupTree(ViewContext context)
{
    private const ulong MicrosecondsATick = 10_000;
    private const int PeriodUs = 100_000;

    /// <summary>/proc/cgroups: hierarchy 0 is version 2.</summary>
    internal const string Controllers = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
        + "cpuset\t0\t1\t1\ncpu\t0\t1\t1\ncpuacct\t0\t1\t1\nblkio\t0\t1\t1\nmemory\t0\t1\t1\npids\t0\t1\t1\n";

    /// <summary>The directory.</summary>
    internal ViewNode Make()
    {
        ViewDirectory directory = new();
        AddCore(directory);
        AddMemory(directory);
        AddProcessors(directory);
        directory.Add("pids.max", ViewFile.Constant("max\n"));
        directory.Add("pids.current", ViewFile.Text(thread => $"{thread.Process.ThreadCount}\n"));
        directory.Add("io.stat", ViewFile.Constant(""));
        foreach (string name in (string[])["cpu", "memory", "io"])
            if (context.Host.Exists("/proc/pressure/" + name))
                directory.Add(name + ".pressure", HostMirror.File(context.Host, "/proc/pressure/" + name));
        return directory;
    }

    private static void AddCore(ViewDirectory directory)
    {
        directory.Add("cgroup.controllers", ViewFile.Constant("cpuset cpu io memory pids\n"));
        directory.Add("cgroup.subtree_control", ViewFile.Constant("\n"));
        directory.Add("cgroup.type", ViewFile.Constant("domain\n"));
        directory.Add("cgroup.events", ViewFile.Constant("populated 1\nfrozen 0\n"));
        directory.Add("cgroup.freeze", ViewFile.Constant("0\n"));
        directory.Add("cgroup.max.depth", ViewFile.Constant("max\n"));
        directory.Add("cgroup.max.descendants", ViewFile.Constant("max\n"));
        directory.Add("cgroup.stat", ViewFile.Constant("nr_descendants 0\nnr_dying_descendants 0\n"));
        directory.Add("cgroup.procs", ViewFile.Text(thread => $"{thread.Process.Id}\n"));
        directory.Add("cgroup.threads", ViewFile.Text(thread =>
        {
            StringBuilder text = new();
            foreach (GuestThread one in thread.Process.Threads)
                text.Append(one.ThreadId).Append('\n');
            return text.ToString();
        }));
    }

    private void AddMemory(ViewDirectory directory)
    {
        string limit = context.Memory.LimitBytes is { } bytes ? bytes.ToString(CultureInfo.InvariantCulture) : "max";
        directory.Add("memory.max", ViewFile.Constant(limit + "\n"));
        directory.Add("memory.high", ViewFile.Constant("max\n"));
        directory.Add("memory.low", ViewFile.Constant("0\n"));
        directory.Add("memory.min", ViewFile.Constant("0\n"));
        directory.Add("memory.oom.group", ViewFile.Constant("1\n"));
        directory.Add("memory.swap.max", ViewFile.Constant(context.Memory.LimitBytes is null ? "max\n" : "0\n"));
        directory.Add("memory.swap.current", ViewFile.Constant("0\n"));
        directory.Add("memory.current", ViewFile.Text(thread => $"{context.Memory.Resident(thread.Process).Bytes}\n"));
        directory.Add("memory.peak", ViewFile.Text(thread => $"{Math.Max(context.Memory.Resident(thread.Process).Bytes, context.Memory.HighestResidentBytes)}\n"));
        directory.Add("memory.events", ViewFile.Constant("low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"));
        directory.Add("memory.stat", ViewFile.Text(thread => MemoryStatistics(context.Memory.Resident(thread.Process))));
    }

    private void AddProcessors(ViewDirectory directory)
    {
        int count = context.Processors.Count;
        string quota = count < context.Processors.HostNumbers.Length ? $"{count * PeriodUs}" : "max";
        directory.Add("cpu.max", ViewFile.Constant($"{quota} {PeriodUs}\n"));
        directory.Add("cpu.max.burst", ViewFile.Constant("0\n"));
        directory.Add("cpu.weight", ViewFile.Constant("100\n"));
        directory.Add("cpu.weight.nice", ViewFile.Constant("0\n"));
        directory.Add("cpuset.cpus", ViewFile.Constant("\n"));
        directory.Add("cpuset.cpus.effective", ViewFile.Constant(ProcessorNumbers.List(count) + "\n"));
        directory.Add("cpuset.mems", ViewFile.Constant("\n"));
        directory.Add("cpuset.mems.effective", ViewFile.Constant("0\n"));
        directory.Add("cpu.stat", ViewFile.Text(_ => ProcessorStatistics()));
    }

    private string ProcessorStatistics()
    {
        // utime and stime are fields 14 and 15 of stat; the split starts behind the name, at field 3.
        const int userField = 11, systemField = 12;
        string stat = context.Host.ReadText("/proc/self/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].TrimStart().Split(' ');
        ulong user = Ticks(fields, userField) * MicrosecondsATick, system = Ticks(fields, systemField) * MicrosecondsATick;
        return $"usage_usec {user + system}\nuser_usec {user}\nsystem_usec {system}\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\nburst_usec 0\n";
    }

    private static ulong Ticks(string[] fields, int index) =>
        index < fields.Length && ulong.TryParse(fields[index], out ulong ticks) ? ticks : 0;

    private static string MemoryStatistics(ResidentCounts resident) =>
        $"anon {resident.AnonymousBytes}\nfile {resident.Bytes - resident.AnonymousBytes}\nkernel 0\nkernel_stack 0\npagetables 0\nsec_pagetables 0\npercpu 0\nsock 0\nvmalloc 0\nshmem 0\n"
        + $"zswap 0\nzswapped 0\nfile_mapped {resident.Bytes - resident.AnonymousBytes}\nfile_dirty 0\nfile_writeback 0\nswapcached 0\nanon_thp 0\nfile_thp 0\nshmem_thp 0\n"
        + $"inactive_anon 0\nactive_anon {resident.AnonymousBytes}\ninactive_file 0\nactive_file {resident.Bytes - resident.AnonymousBytes}\nunevictable 0\nslab_reclaimable 0\nslab_unreclaimable 0\nslab 0\n"
        + "workingset_refault_anon 0\nworkingset_refault_file 0\npgfault 0\npgmajfault 0\n";
}
