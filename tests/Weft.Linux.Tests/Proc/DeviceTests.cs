using Weft.Linux.Files;

namespace Weft.Linux.Tests.Proc;

public sealed class DeviceTests
{
    [KvmFact]
    public void The_hosts_devices_are_there_but_not_the_VMMs()
    {
        using ViewedProcess view = new();
        Assert.Null(view.Find("/dev/kvm"));
        Assert.DoesNotContain("kvm", view.List("/dev"));
        Assert.Contains("null", view.List("/dev"));
        Assert.False(view.IsOwn("/dev/null", out _));
        Assert.False(view.IsOwn("/dev/shm/x", out _));
        Assert.Equal("/proc/self/fd", view.Find("/dev/fd")!.Target);
        Assert.Equal("/proc/self/fd/2", view.Find("/dev/stderr")!.Target);
    }

    [KvmFact]
    public void Another_root_has_a_small_dev()
    {
        using TemporaryRoot root = new();
        using ViewedProcess view = new(new KernelOptions { RootDirectory = root.Path });
        Assert.Equal((VirtualNodeKind.HostPath, "/dev/null"), (view.Find("/dev/null")!.Kind, view.Find("/dev/null")!.Target));
        Assert.Null(view.Find("/dev/vda"));
        Assert.Null(view.Find("/dev/shm"));
        Directory.CreateDirectory(root.Path + "/dev/shm");
        using ViewedProcess withShared = new(new KernelOptions { RootDirectory = root.Path });
        Assert.False(withShared.IsOwn("/dev/shm/x", out _));
    }

    [KvmFact]
    public void A_bind_goes_before_the_VMs_own_view()
    {
        using ViewedProcess view = new(new KernelOptions { Binds = [new BindMount("/tmp", "/dev/shm/", false), new BindMount("/tmp", "/sys/fs", false)] });
        Assert.False(view.IsOwn("/dev/shm", out _));
        Assert.False(view.IsOwn("/sys/fs/cgroup/memory.max", out _));
        Assert.True(view.IsOwn("/sys/fsx", out VirtualNode? node));
        Assert.Null(node);
    }

    private sealed class TemporaryRoot : IDisposable
    {
        internal string Path { get; } = Directory.CreateTempSubdirectory("weft-dev-").FullName;

        public void Dispose() => Directory.Delete(Path, true);
    }
}
