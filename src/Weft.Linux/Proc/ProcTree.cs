using System.Globalization;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>/proc.</summary>
internal sealed class ProcTree
{
    // Files about the whole machine that hold nothing of other processes. Those that the host lacks are left out.
    private static readonly string[] HostFiles = ["version", "filesystems", "devices", "swaps", "partitions", "diskstats", "vmstat", "zoneinfo",
        "interrupts", "softirqs", "uptime", "loadavg", "misc", "consoles", "crypto", "execdomains", "buddyinfo", "pagetypeinfo", "schedstat",
        "iomem", "ioports", "dma", "mtrr", "modules", "locks", "config.gz", "version_signature", "mdstat", "fb", "key-users"];

    private static readonly string[] HostDirectories = ["sysvipc", "pressure", "tty", "driver", "bus", "irq", "fs"];
    private readonly ViewContext _context;
    private readonly ProcessTree _processes;
    private readonly ViewDirectory _global = new();

    /// <summary>Prepares the global files.</summary>
    internal ProcTree(ViewContext context)
    {
        _context = context;
        _processes = new ProcessTree(context, NetTree.Make(context));
        foreach (string name in HostFiles)
        {
            int mode = context.Host.Mode("/proc/" + name);
            if (mode >= 0)
                _global.Add(name, HostMirror.File(context.Host, "/proc/" + name, mode & 0x124));
        }
        foreach (string name in HostDirectories)
            if (context.Host.Exists("/proc/" + name))
                _global.Add(name, new HostMirror(context.Host, "/proc/" + name));
        AddOwn();
    }

    /// <summary>The directory /proc.</summary>
    internal ViewNode Root => new DynamicDirectory(
        (thread, name) => _global.Find(thread, name) ?? _processes.Find(thread, name) ?? MemberTree.Find(thread, name, _context),
        thread => [.. _global.Describe(thread).List!(thread), new VirtualEntry(Id(thread.Process.Id), VirtualNodeKind.Directory)]);

    private void AddOwn()
    {
        _global.Add("self", new ViewLink(thread => Id(thread.Process.Id)));
        _global.Add("thread-self", new ViewLink(thread => $"{Id(thread.Process.Id)}/task/{Id(thread.ThreadId)}"));
        _global.Add("mounts", new ViewLink("self/mounts"));
        _global.Add("net", new ViewLink("self/net"));
        _global.Add("cpuinfo", ViewFile.Text(_ => _context.Processors.CpuInfo()));
        _global.Add("stat", ViewFile.Text(_ => _context.Processors.Statistics()));
        _global.Add("meminfo", ViewFile.Text(thread => _context.Memory.MemInfo(thread.Process)));
        _global.Add("cmdline", ViewFile.Constant("\n"));
        _global.Add("cgroups", ViewFile.Constant(CgroupTree.Controllers));
        if (_context.Host.Exists("/proc/sys"))
            _global.Add("sys", Settings());
    }

    private ViewDirectory Settings()
    {
        ViewDirectory settings = Over("/proc/sys");
        if (_context.Host.Exists(BootId.Path))
            settings.Add("kernel", Over("/proc/sys/kernel").Add("random", Over("/proc/sys/kernel/random").Add("boot_id",
                ViewFile.Text(thread => BootId.Of(_context.Host.ReadText(BootId.Path), thread.Kernel.Adapter?.Device.Host ?? 0), 0x124))));
        return settings;
    }

    private ViewDirectory Over(string path) => new(new HostMirror(_context.Host, path));

    private static string Id(int id) => id.ToString(CultureInfo.InvariantCulture);
}
