using System.Globalization;
using Weft.Vm.Stats;

namespace Weft.Vm.Doctor;

/// <summary>The machine: cores, memory, large pages, cgroups, RDMA.</summary>
internal static class HostCheck
{
    internal static void Add(List<Finding> findings)
    {
        int cores = Environment.ProcessorCount;
        findings.Add(cores > 1 ? new Finding("cores", FindingState.Good, cores.ToString(CultureInfo.InvariantCulture))
            : new Finding("cores", FindingState.Limited, "1", "the attendant has no core to poll on: more system calls leave by an exit", "give this machine a second core"));
        findings.Add(new Finding("memory", FindingState.Information, Member("/proc/meminfo", "MemTotal") + " in all, " + Member("/proc/meminfo", "MemAvailable") + " available"));
        AddLargePages(findings);
        AddControlGroups(findings);
        AddRdma(findings);
    }

    private static void AddLargePages(List<Finding> findings)
    {
        string? mode = HostFile.Chosen("/sys/kernel/mm/transparent_hugepage/enabled");
        findings.Add(mode is "always" or "madvise" ? new Finding("large-pages", FindingState.Good, "transparent: " + mode)
            : new Finding("large-pages", FindingState.Limited, mode is null ? "no support" : "transparent: " + mode,
                "large memory is touched 4 KiB at a time", "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled (as root)"));
        string reserved = HostFile.Read("/proc/sys/vm/nr_hugepages") ?? "0";
        findings.Add(new Finding("large-pages.reserved", FindingState.Information, reserved + " of " + Member("/proc/meminfo", "Hugepagesize"),
            reserved == "0" ? "programs that ask for MAP_HUGETLB get ENOMEM, as outside" : "", reserved == "0" ? "sysctl -w vm.nr_hugepages=N, if a program needs them" : ""));
    }

    private static void AddControlGroups(List<Finding> findings)
    {
        string? controllers = HostFile.Read("/sys/fs/cgroup/cgroup.controllers");
        if (controllers is not null)
        {
            findings.Add(new Finding("cgroups", FindingState.Good, "version 2: " + controllers));
            return;
        }
        string[] old = [.. HostFile.List("/sys/fs/cgroup").Where(name => File.Exists($"/sys/fs/cgroup/{name}/tasks") || File.Exists($"/sys/fs/cgroup/{name}/cgroup.procs"))];
        findings.Add(old.Length > 0 ? new Finding("cgroups", FindingState.Information, "version 1: " + string.Join(' ', old))
            : new Finding("cgroups", FindingState.Limited, "none", "--memory is kept by Weft alone", "mount -t cgroup2 none /sys/fs/cgroup (as root)"));
    }

    private static void AddRdma(List<Finding> findings)
    {
        string[] devices = HostFile.List("/sys/class/infiniband");
        findings.Add(devices.Length > 0 ? new Finding("rdma", FindingState.Good, string.Join(' ', devices))
            : new Finding("rdma", FindingState.Information, "no device", "messages between machines go over TCP", "modprobe rdma_rxe && rdma link add rxe0 type rxe netdev eth0, where the kernel has it"));
    }

    private static string Member(string path, string name)
    {
        ulong bytes = ResidentMemory.Member(path, name);
        const ulong gibibyte = 1 << 30;
        return bytes >= gibibyte ? string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / gibibyte:0.0} GiB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10} KiB");
    }
}
