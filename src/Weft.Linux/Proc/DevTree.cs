using Weft.Adapter.Control;
using Weft.Linux.Connections;
using Weft.Linux.Verbs;

namespace Weft.Linux.Proc;

/// <summary>
/// /dev. On the host's root it is the host's, less what is the VMM's alone; below another root it holds what every
/// program may expect and nothing of the machine's. There, /dev/shm is the root's own where it has one.
/// </summary>
internal sealed class DevTree(ViewContext context, IAdapterVm? adapter)
{
    private static readonly string[] Plain = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts"];

    /// <summary>The directory /dev.</summary>
    internal ViewNode Make()
    {
        ViewDirectory directory = context.Options.RootDirectory is { } root ? Minimal(root) : new ViewDirectory(new HostDevices(context.Host, "/dev"), name => name is "kvm" or "infiniband");
        if (adapter is not null)
            AddAdapter(directory);
        return directory
            .Add("fd", new ViewLink("/proc/self/fd"))
            .Add("stdin", new ViewLink("/proc/self/fd/0"))
            .Add("stdout", new ViewLink("/proc/self/fd/1"))
            .Add("stderr", new ViewLink("/proc/self/fd/2"));
    }

    /// <summary>The adapter's devices, also by number, as udev would have it.</summary>
    private void AddAdapter(ViewDirectory directory)
    {
        ViewNode? others = context.Options.RootDirectory is null && context.Host.Exists("/dev/char") ? new HostDevices(context.Host, "/dev/char") : null;
        directory
            .Add("infiniband", new ViewDirectory()
                .Add(AdapterNames.Verbs, new ViewDevice(AdapterNames.VerbsDevice, VerbsFile.Open))
                .Add(AdapterNames.Connections, new ViewDevice(AdapterNames.ConnectionsDevice, ConnectionsFile.Open)))
            .Add("char", new ViewDirectory(others)
                .Add(AdapterNames.VerbsDevice.ToString(), new ViewLink("../infiniband/" + AdapterNames.Verbs))
                .Add(AdapterNames.ConnectionsDevice.ToString(), new ViewLink("../infiniband/" + AdapterNames.Connections)));
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
