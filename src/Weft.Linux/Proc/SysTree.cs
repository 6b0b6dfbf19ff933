using Weft.Adapter.Control;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>/sys: the host's, read-only, with the VM's own processors, memory and control group.</summary>
internal sealed class SysTree(ViewContext context, IAdapterVm? adapter)
{
    private const string ProcessorRoot = "/sys/devices/system/cpu", NodeRoot = "/sys/devices/system/node";
    private const int SharedCacheLevel = 3;
    private readonly Processors _processors = context.Processors;

    /// <summary>The directory /sys.</summary>
    internal ViewNode Make()
    {
        ViewDirectory system = Over("/sys/devices/system").Add("cpu", ProcessorDirectory()).Add("node", NodeDirectory());
        ViewDirectory classes = new(Mirror("/sys/class"), name => name.StartsWith("infiniband", StringComparison.Ordinal));
        if (!context.Options.HasNetwork)
            classes.Add("net", new ViewDirectory(Mirror("/sys/class/net"), name => name != "lo"));
        ViewDirectory miscellaneous = new(Mirror("/sys/class/misc"), name => name == "rdma_cm");
        classes.Add("misc", miscellaneous);
        if (adapter is not null)
        {
            new AdapterTree(context, adapter.Device).AddTo(classes);
            miscellaneous.Add("rdma_cm", AdapterTree.ConnectionsDirectory());
        }
        return new ViewDirectory(Mirror("/sys"))
            .Add("devices", Over("/sys/devices").Add("system", system))
            .Add("fs", Over("/sys/fs").Add("cgroup", new CgroupTree(context).Make()))
            .Add("class", classes)
            .Add("bus", Over("/sys/bus").Add("cpu", Over("/sys/bus/cpu").Add("devices", new ViewDirectory(ProcessorLinks("../../../devices/system/cpu/")))))
            // Debugging of the host's kernel is no business of a VM's.
            .Add("kernel", new ViewDirectory(Mirror("/sys/kernel"), name => name is "debug" or "tracing"));
    }

    private ViewNode ProcessorDirectory()
    {
        if (_processors.IsHostsOwn)
            return Mirror(ProcessorRoot);
        string list = ProcessorNumbers.List(_processors.Count) + "\n";
        ViewDirectory directory = new(Mirror(ProcessorRoot), IsProcessorName);
        foreach (string name in (string[])["online", "possible", "present", "enabled"])
            directory.Add(name, ViewFile.Constant(list));
        directory.Add("offline", ViewFile.Constant("\n"));
        directory.Add("isolated", ViewFile.Constant("\n"));
        for (int processor = 0; processor < _processors.Count; processor++)
            directory.Add($"cpu{processor}", ProcessorNode(processor));
        return directory;
    }

    private ViewDirectory ProcessorNode(int processor)
    {
        string host = $"{ProcessorRoot}/cpu{_processors.HostNumberOf(processor)}";
        ViewDirectory node = new(Mirror(host), name => name.StartsWith("node", StringComparison.Ordinal));
        node.Add("node0", new ViewLink("../../node/node0"));
        node.Add("topology", Topology(host + "/topology", processor));
        if (context.Host.Exists(host + "/cache"))
            node.Add("cache", Caches(host + "/cache", processor));
        if (processor > 0 && !context.Host.Exists(host + "/online"))
            node.Add("online", ViewFile.Constant("1\n"));
        return node;
    }

    /// <summary>One package of cores without siblings.</summary>
    private ViewDirectory Topology(string host, int processor)
    {
        ViewDirectory topology = new(Mirror(host));
        foreach ((string name, _) in context.Host.List(host))
        {
            string? text = name switch
            {
                "core_id" => $"{processor}",
                "physical_package_id" or "die_id" or "cluster_id" => "0",
                "thread_siblings" or "core_cpus" or "cluster_cpus" => ProcessorNumbers.MaskOfOne(processor, _processors.Count),
                "thread_siblings_list" or "core_cpus_list" or "cluster_cpus_list" => $"{processor}",
                "core_siblings" or "package_cpus" or "die_cpus" => ProcessorNumbers.Mask(_processors.Count),
                "core_siblings_list" or "package_cpus_list" or "die_cpus_list" => ProcessorNumbers.List(_processors.Count),
                _ => null,
            };
            if (text is not null)
                topology.Add(name, ViewFile.Constant(text + "\n"));
        }
        return topology;
    }

    private ViewDirectory Caches(string host, int processor)
    {
        ViewDirectory caches = new(Mirror(host));
        foreach ((string name, _) in context.Host.List(host))
        {
            if (!name.StartsWith("index", StringComparison.Ordinal))
                continue;
            string path = $"{host}/{name}";
            bool isShared = int.TryParse(context.Host.ReadText(path + "/level"), out int level) && level >= SharedCacheLevel;
            caches.Add(name, new ViewDirectory(Mirror(path))
                .Add("id", ViewFile.Constant(isShared ? "0\n" : $"{processor}\n"))
                .Add("shared_cpu_list", ViewFile.Constant((isShared ? ProcessorNumbers.List(_processors.Count) : $"{processor}") + "\n"))
                .Add("shared_cpu_map", ViewFile.Constant((isShared ? ProcessorNumbers.Mask(_processors.Count) : ProcessorNumbers.MaskOfOne(processor, _processors.Count)) + "\n")));
        }
        return caches;
    }

    /// <summary>The host's nodes when the VM has all of the host's processors and memory, else one node.</summary>
    private ViewNode NodeDirectory()
    {
        if (_processors.IsHostsOwn && context.Memory.LimitBytes is null && context.Host.Exists(NodeRoot))
            return Mirror(NodeRoot);
        ViewDirectory directory = new(Mirror(NodeRoot), name => IsNumbered(name, "node") || name.StartsWith("has_", StringComparison.Ordinal));
        foreach (string name in (string[])["online", "possible", "has_cpu", "has_memory", "has_normal_memory"])
            directory.Add(name, ViewFile.Constant("0\n"));
        ViewDirectory node = new(ProcessorLinks("../../cpu/"));
        node.Add("cpulist", ViewFile.Constant(ProcessorNumbers.List(_processors.Count) + "\n"));
        node.Add("cpumap", ViewFile.Constant(ProcessorNumbers.Mask(_processors.Count) + "\n"));
        node.Add("distance", ViewFile.Constant("10\n"));
        node.Add("meminfo", ViewFile.Text(thread => NodeMemory(thread.Process)));
        foreach (string name in (string[])["numastat", "vmstat", "hugepages", "power", "uevent"])
            if (HostMirror.At(context.Host, $"{NodeRoot}/node0/{name}") is { } found)
                node.Add(name, found);
        return directory.Add("node0", node);
    }

    private string NodeMemory(Process process)
    {
        string memory = context.Memory.MemInfo(process);
        ulong total = MemoryUse.ValueOf(memory, "MemTotal"), free = MemoryUse.ValueOf(memory, "MemFree");
        string text = "";
        foreach ((string key, ulong value) in ((string, ulong)[])[("MemTotal", total), ("MemFree", free), ("MemUsed", total - free),
            ("SwapCached", 0), ("Active", MemoryUse.ValueOf(memory, "Active")), ("Inactive", MemoryUse.ValueOf(memory, "Inactive")),
            ("FilePages", MemoryUse.ValueOf(memory, "Cached")), ("AnonPages", MemoryUse.ValueOf(memory, "AnonPages")),
            ("Shmem", MemoryUse.ValueOf(memory, "Shmem"))])
            text += $"Node 0 {(key + ":").PadRight(15)} {value,8} kB\n";
        foreach (string key in (string[])["HugePages_Total", "HugePages_Free", "HugePages_Surp"])
            text += $"Node 0 {(key + ":").PadRight(16)} {MemoryUse.ValueOf(memory, key),5}\n";
        return text;
    }

    private DynamicDirectory ProcessorLinks(string prefix) => new(
        (_, name) => IsProcessorName(name) && int.TryParse(name.AsSpan(3), out int processor) && processor < _processors.Count
            ? new ViewLink(prefix + name) : null,
        _ =>
        {
            VirtualEntry[] list = new VirtualEntry[_processors.Count];
            for (int processor = 0; processor < list.Length; processor++)
                list[processor] = new VirtualEntry($"cpu{processor}", VirtualNodeKind.Symlink);
            return list;
        });

    private static bool IsProcessorName(string name) => IsNumbered(name, "cpu");

    private static bool IsNumbered(string name, string prefix) =>
        name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal)
        && name.AsSpan(prefix.Length).IndexOfAnyExceptInRange('0', '9') < 0;

    private ViewDirectory Over(string path) => new(Mirror(path));

    private HostMirror Mirror(string path) => new(context.Host, path);
}
