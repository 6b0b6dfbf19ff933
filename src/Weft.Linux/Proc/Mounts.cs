using System.Text;

namespace Weft.Linux.Proc;

/// <summary>
/// The VM's mounts: the host's, with one cgroup v2 hierarchy instead of the host's cgroups, and the user's binds;
/// below another root only that root, the binds and the VM's own file systems.
/// </summary>
internal sealed class Mounts(HostReader host, KernelOptions options)
{
    private const string CgroupPoint = "/sys/fs/cgroup";

    /// <summary>/proc/self/mountinfo.</summary>
    internal string MountInfo() => Join(mount => mount.ToMountInfo());

    /// <summary>/proc/self/mounts.</summary>
    internal string Table() => Join(mount => mount.ToMounts());

    /// <summary>/proc/self/mountstats.</summary>
    internal string MountStats() => Join(mount => mount.ToMountStats());

    /// <summary>The mounts, parents first.</summary>
    internal List<HostMount> List()
    {
        List<HostMount> all = [];
        foreach (string line in host.ReadText("/proc/self/mountinfo").Split('\n'))
            if (HostMount.Parse(line) is { } mount)
                all.Add(mount);
        List<HostMount> shown = options.RootDirectory is null ? OnHostsRoot(all) : OnOwnRoot(all);
        int next = 1;
        foreach (HostMount mount in all)
            next = int.TryParse(mount.Id, out int id) ? Math.Max(next, id + 1) : next;
        string root = shown.Find(mount => mount.Point == "/")?.Id ?? "1";
        foreach (BindMount bind in options.Binds)
            shown.Add(Bound(all, bind, next++, root));
        return shown;
    }

    private string Join(Func<HostMount, string> format)
    {
        StringBuilder text = new();
        foreach (HostMount mount in List())
            text.Append(format(mount));
        return text.ToString();
    }

    private List<HostMount> OnHostsRoot(List<HostMount> all)
    {
        List<HostMount> shown = [];
        int sys = -1;
        HostMount? cgroup = null;
        foreach (HostMount mount in all)
        {
            if (mount.Point == CgroupPoint)
                cgroup ??= mount;
            if (mount.Point == CgroupPoint || mount.Point.StartsWith(CgroupPoint + "/", StringComparison.Ordinal))
                continue;
            shown.Add(options.ReadOnly && mount.Point == "/" ? AsReadOnly(mount) : mount);
            if (mount.Point == "/sys")
                sys = shown.Count - 1;
        }
        if (sys >= 0)
            shown.Insert(sys + 1, Cgroup(cgroup?.Id ?? NextId(all), shown[sys].Id, cgroup?.Device ?? "0:0"));
        return shown;
    }

    private List<HostMount> OnOwnRoot(List<HostMount> all)
    {
        HostMount root = Holding(all, Escape(Path.GetFullPath(options.RootDirectory!))) with { Id = "1", Parent = "0", Point = "/" };
        List<HostMount> shown = [options.ReadOnly ? AsReadOnly(root) : root];
        int id = 2;
        foreach (string point in (string[])["/proc", "/sys", "/dev"])
            if (all.FindLast(mount => mount.Point == point) is { } found)
                shown.Add(found with { Id = $"{id++}", Parent = "1", Root = "/" });
        if (shown.Find(mount => mount.Point == "/sys") is { } sys)
            shown.Add(Cgroup($"{id}", sys.Id, all.Find(mount => mount.Point == CgroupPoint)?.Device ?? "0:0"));
        return shown;
    }

    private static HostMount Bound(List<HostMount> all, BindMount bind, int id, string parent)
    {
        HostMount mount = Holding(all, Escape(Path.GetFullPath(bind.Source))) with { Id = $"{id}", Parent = parent, Point = Escape(bind.Destination) };
        return bind.ReadOnly ? AsReadOnly(mount) : mount;
    }

    /// <summary>The mount that a path of the host is in, with its root moved there.</summary>
    private static HostMount Holding(List<HostMount> all, string path)
    {
        path = path.Length > 1 ? path.TrimEnd('/') : path;
        HostMount? best = null;
        foreach (HostMount mount in all)
            if (IsWithin(path, mount.Point) && (best is null || mount.Point.Length >= best.Point.Length))
                best = mount;
        best ??= new HostMount { Id = "1", Parent = "0", Device = "0:0", Root = "/", Point = "/", Options = "rw", Type = "none", Source = "none", SuperOptions = "rw" };
        string rest = best.Point == "/" ? path : path[best.Point.Length..];
        string root = best.Root == "/" ? rest : best.Root + rest;
        return best with { Root = root.Length == 0 ? "/" : root };
    }

    private static bool IsWithin(string path, string point) =>
        point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);

    private static HostMount Cgroup(string id, string parent, string device) => new()
    {
        Id = id,
        Parent = parent,
        Device = device,
        Root = "/",
        Point = CgroupPoint,
        Options = "ro,nosuid,nodev,noexec,relatime",
        Type = "cgroup2",
        Source = "cgroup2",
        SuperOptions = "rw",
    };

    private static HostMount AsReadOnly(HostMount mount) =>
        mount.Options.StartsWith("rw", StringComparison.Ordinal) ? mount with { Options = "ro" + mount.Options[2..] } : mount;

    private static string NextId(List<HostMount> all)
    {
        int highest = 0;
        foreach (HostMount mount in all)
            highest = int.TryParse(mount.Id, out int id) ? Math.Max(highest, id) : highest;
        return $"{highest + 1}";
    }

    /// <summary>A path as mountinfo escapes it, with a char a byte. Source: linux/fs/proc_namespace.c, mangle.</summary>
    private static string Escape(string path) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(path))
        .Replace("\\", "\\134").Replace(" ", "\\040").Replace("\t", "\\011").Replace("\n", "\\012").Replace("#", "\\043");
}
