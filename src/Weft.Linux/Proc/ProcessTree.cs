using System.Globalization;
using System.Text;
using Weft.Linux.Files;

namespace Weft.Linux.Proc;

/// <summary>/proc/PID and /proc/PID/task/TID.</summary>
internal sealed class ProcessTree
{
    private const int OwnerRead = 0x100, AllRead = 0x124, OwnerWrite = 0x1a4, OwnerReadWrite = 0x180;
    private static readonly ViewNode Children = ViewFile.Constant("");
    private readonly ViewContext _context;
    private readonly ViewNode _descriptors;
    private readonly ViewNode _descriptorInfos;
    private readonly ViewNode _namespaces;
    private readonly ViewNode _net;
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Prepares the entries that every task has.</summary>
    internal ProcessTree(ViewContext context, ViewNode net)
    {
        _context = context;
        _net = net;
        DescriptorTree descriptors = new(context);
        _descriptors = descriptors.Links();
        _descriptorInfos = descriptors.Infos();
        _namespaces = new DynamicDirectory(FindNamespace, HostMirrorList("/proc/self/ns"));
        AddMemory();
        AddIdentity();
        AddHosts();
    }

    /// <summary>The directory of a process; null when there is none of this id. Linux finds threads there too, unlisted.</summary>
    internal ViewNode? Find(GuestThread thread, string name)
    {
        if (!TryParseId(name, out int id))
            return null;
        Process process = thread.Process;
        return id == process.Id || process.FindThread(id) is not null ? Directory(new TaskView(process, id, id != process.Id), true) : null;
    }

    private DynamicDirectory Directory(TaskView view, bool isProcess) => new(
        (_, name) => name == "task" && isProcess ? Tasks(view.Process)
            : name == "children" && !isProcess ? Children
            : _entries.TryGetValue(name, out Entry entry) ? entry.Make(view) : null,
        _ => List(isProcess));

    private DynamicDirectory Tasks(Process process) => new(
        (_, name) => TryParseId(name, out int id) && process.FindThread(id) is not null ? Directory(new TaskView(process, id, true), false) : null,
        _ =>
        {
            List<VirtualEntry> list = [];
            foreach (GuestThread thread in process.Threads)
                list.Add(new VirtualEntry(thread.ThreadId.ToString(CultureInfo.InvariantCulture), VirtualNodeKind.Directory));
            return list;
        });

    private List<VirtualEntry> List(bool isProcess)
    {
        List<VirtualEntry> list = [];
        foreach ((string name, Entry entry) in _entries)
            list.Add(new VirtualEntry(name, entry.Kind));
        list.Add(isProcess ? new VirtualEntry("task", VirtualNodeKind.Directory) : new VirtualEntry("children", VirtualNodeKind.File));
        return list;
    }

    private void AddMemory()
    {
        AddText("maps", view => MapsText.Of(view.Memory, new FileNames(_context)));
        AddText("smaps", view => SmapsText.Of(view, _context));
        AddText("smaps_rollup", SmapsText.Rollup);
        AddText("numa_maps", view => SmapsText.Numa(view, _context));
        _entries.Add("mem", new Entry(VirtualNodeKind.File, view => new ViewFile(VirtualNode.Memory(
            (thread, buffer, count, position, writes) => MemoryFile.Move(view.Process, thread, buffer, count, position, writes), OwnerReadWrite))));
        AddText("statm", view => StatText.Pages(view, _context));
    }

    private void AddIdentity()
    {
        AddText("stat", view => StatText.Of(view, _context));
        AddText("status", view => StatusText.Of(view, _context));
        AddText("limits", view => LimitsText.Of(view.Process.Limits));
        AddText("personality", view => $"{view.Process.Attributes.Personality:x8}\n", OwnerRead);
        AddText("mountinfo", _ => _context.Mounts.MountInfo());
        AddText("mounts", _ => _context.Mounts.Table());
        AddText("mountstats", _ => _context.Mounts.MountStats(), OwnerRead);
        AddText("cgroup", _ => "0::/\n");
        AddText("cpuset", _ => "/\n");
        AddText("wchan", _ => "0");
        AddBytes("cmdline", ArgumentText.CommandLine, AllRead);
        AddBytes("environ", ArgumentText.Environment, OwnerRead);
        AddBytes("auxv", view => view.Process.Image?.AuxiliaryVector ?? [], OwnerRead);
        _entries.Add("comm", new Entry(VirtualNodeKind.File, view => new ViewFile(
            _ => Encoding.Latin1.GetBytes(view.Name + "\n"), (_, content) => Rename(view, content), OwnerWrite)));
        AddLink("exe", (view, _) => _context.Paths.Of(view.ExecutablePath));
        AddLink("cwd", (view, thread) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(view.Process.Paths.DescribeWorkingDirectory(thread.Scratch))));
        AddLink("root", (_, _) => "/");
        Add("fd", VirtualNodeKind.Directory, _descriptors);
        Add("fdinfo", VirtualNodeKind.Directory, _descriptorInfos);
        Add("net", VirtualNodeKind.Directory, _net);
        Add("ns", VirtualNodeKind.Directory, _namespaces);
    }

    /// <summary>Files where the VMM's own are the program's: it is the same task to the host.</summary>
    private void AddHosts()
    {
        foreach (string name in (string[])["sched", "schedstat", "io", "arch_status", "oom_score", "timerslack_ns"])
            AddHost(name, view => $"{view.HostPath}/{name}");
        foreach (string name in (string[])["loginuid", "sessionid", "uid_map", "gid_map", "projid_map", "setgroups", "coredump_filter",
            "autogroup", "timens_offsets"])
            AddHost(name, _ => "/proc/self/" + name);
        if (_context.Host.Exists("/proc/self/oom_score_adj"))
            _entries.Add("oom_score_adj", new Entry(VirtualNodeKind.File, _ => new ViewFile(
                _ => _context.Host.ReadAll("/proc/self/oom_score_adj") ?? [],
                (_, content) => _context.Host.Write("/proc/self/oom_score_adj", content), OwnerWrite)));
    }

    private void AddHost(string name, Func<TaskView, string> path)
    {
        int mode = _context.Host.Mode("/proc/self/" + name);
        if (mode >= 0)
            AddBytes(name, view => _context.Host.ReadAll(path(view)) ?? [], mode & AllRead);
    }

    private void AddText(string name, Func<TaskView, string> read, int permissions = AllRead) =>
        AddBytes(name, view => Encoding.Latin1.GetBytes(read(view)), permissions);

    private void AddBytes(string name, Func<TaskView, byte[]> read, int permissions) =>
        _entries.Add(name, new Entry(VirtualNodeKind.File, view => new ViewFile(_ => read(view), null, permissions)));

    private void AddLink(string name, Func<TaskView, GuestThread, string> target) =>
        _entries.Add(name, new Entry(VirtualNodeKind.Symlink, view => new ViewLink(thread => target(view, thread))));

    private void Add(string name, VirtualNodeKind kind, ViewNode node) => _entries.Add(name, new Entry(kind, _ => node));

    /// <summary>As comm_write of the kernel: at most 15 bytes are kept, and all are taken.</summary>
    private static SyscallResult Rename(TaskView view, ReadOnlySpan<byte> content)
    {
        const int longestName = 15;
        if (view.Thread is not { } thread)
            return Native.Errno.EINVAL;
        ReadOnlySpan<byte> name = content[..Math.Min(content.Length, longestName)];
        int zero = name.IndexOf((byte)0);
        thread.Name = (zero < 0 ? name : name[..zero]).ToArray();
        return content.Length;
    }

    /// <summary>The namespaces are the host's; their links are of a kind that only the host can follow.</summary>
    private ViewNode? FindNamespace(GuestThread thread, string name) =>
        _context.Host.Exists("/proc/self/ns/" + name) ? new ViewHostPath("/proc/self/ns/" + name) : null;

    private VirtualNode.Lister HostMirrorList(string path) => _ =>
    {
        List<VirtualEntry> list = [];
        foreach ((string name, byte type) in _context.Host.List(path))
            list.Add(new VirtualEntry(name, HostMirror.KindOf(type)));
        return list;
    };

    internal static bool TryParseId(string name, out int id)
    {
        id = 0;
        return name.Length > 0 && name[0] is >= '1' and <= '9' && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    private readonly record struct Entry(VirtualNodeKind Kind, Func<TaskView, ViewNode> Make);
}
