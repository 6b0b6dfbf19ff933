namespace Weft.Linux.Proc;

/// <summary>
/// /dev. On the host's root it is the host's, less what is the VMM's alone; below another root it holds what every
/// program may expect and nothing of the machine's. There, /dev/shm is the root's own where it has one.
/// </summary>
internal sealed class DevTree(ViewContext context)
{
    private static readonly string[] Plain = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"];

    /// <summary>The directory /dev.</summary>
    internal ViewNode Make()
    {
        ViewDirectory directory = context.Options.RootDirectory is { } root ? Minimal(root) : new ViewDirectory(new HostDevices(context.Host), name => name == "kvm");
        return directory
            .Add("fd", new ViewLink("/proc/self/fd"))
            .Add("stdin", new ViewLink("/proc/self/fd/0"))
            .Add("stdout", new ViewLink("/proc/self/fd/1"))
            .Add("stderr", new ViewLink("/proc/self/fd/2"));
    }

    private ViewDirectory Minimal(string root)
    {
        ViewDirectory directory = new();
        foreach (string name in Plain)
            if (context.Host.Exists("/dev/" + name))
                directory.Add(name, new ViewHostPath("/dev/" + name));
        if (context.Host.Exists(Path.GetFullPath(root) + "/dev/shm"))
            directory.Add("shm", PassThrough.Instance);
        return directory;
    }
}
