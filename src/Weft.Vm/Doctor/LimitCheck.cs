using System.Globalization;

namespace Weft.Vm.Doctor;

/// <summary>Limits of this user and this machine that programs in VMs meet.</summary>
internal static class LimitCheck
{
    internal static void Add(List<Finding> findings)
    {
        Dictionary<string, string> limits = ReadLimits();
        Least(findings, limits, "limits.files", "Max open files", 1024, "programs open fewer files", "ulimit -n 65536");
        Least(findings, limits, "limits.processes", "Max processes", 4096, "programs start fewer threads", "ulimit -u unlimited");
        Least(findings, limits, "limits.locked", "Max locked memory", 8 << 20, "mlock and RDMA registration are refused beyond it", "ulimit -l unlimited");
        RequireUnlimited(findings, limits);
        AddSystem(findings);
    }

    private static void Least(List<Finding> findings, Dictionary<string, string> limits, string id, string name, ulong least, string without, string remedy)
    {
        string value = limits.GetValueOrDefault(name, "unknown");
        bool enough = !ulong.TryParse(value, CultureInfo.InvariantCulture, out ulong number) || number >= least;
        findings.Add(enough ? new Finding(id, FindingState.Good, value) : new Finding(id, FindingState.Limited, value, without, remedy));
    }

    private static void RequireUnlimited(List<Finding> findings, Dictionary<string, string> limits)
    {
        string value = limits.GetValueOrDefault("Max address space", "unlimited");
        findings.Add(value == "unlimited" ? new Finding("limits.address-space", FindingState.Good, value)
            : new Finding("limits.address-space", FindingState.Blocking, value, "a VM reserves 128 GiB of address space at least", "ulimit -v unlimited"));
    }

    private static void AddSystem(List<Finding> findings)
    {
        const ulong leastMaps = 65530;
        string maps = HostFile.Read("/proc/sys/vm/max_map_count") ?? "unknown";
        bool enough = !ulong.TryParse(maps, CultureInfo.InvariantCulture, out ulong count) || count >= leastMaps;
        findings.Add(enough ? new Finding("limits.maps", FindingState.Good, maps)
            : new Finding("limits.maps", FindingState.Limited, maps, "programs map fewer files", "sysctl -w vm.max_map_count=262144"));
        string overcommit = HostFile.Read("/proc/sys/vm/overcommit_memory") ?? "unknown";
        const string never = "2";
        findings.Add(overcommit != never ? new Finding("overcommit", FindingState.Good, overcommit)
            : new Finding("overcommit", FindingState.Limited, overcommit, "large reservations (Java, .NET, Go) may be refused", "sysctl -w vm.overcommit_memory=0"));
    }

    /// <summary>The soft limits by name. Source: proc(5), /proc/pid/limits: the name is 26 wide.</summary>
    private static Dictionary<string, string> ReadLimits()
    {
        const int nameWidth = 26;
        Dictionary<string, string> limits = [];
        foreach (string line in (HostFile.Read("/proc/self/limits") ?? "").Split('\n').Skip(1))
            if (line.Length > nameWidth)
                limits[line[..nameWidth].TrimEnd()] = line[nameWidth..].Split(' ', 2)[0];
        return limits;
    }
}
