using Weft.Linux.Proc;

namespace Weft.Linux.Tests.Proc;

public sealed class MountsTests
{
    [Fact]
    public void A_mount_is_printed_as_Linux_prints_it()
    {
        string[] info = File.ReadAllLines("/proc/self/mountinfo"), table = File.ReadAllLines("/proc/self/mounts");
        for (int i = 0; i < info.Length; i++)
        {
            HostMount mount = HostMount.Parse(info[i])!;
            if (!info[i].Contains("shared:", StringComparison.Ordinal) && !info[i].Contains("master:", StringComparison.Ordinal))
                Assert.Equal(info[i] + "\n", mount.ToMountInfo());
            Assert.Equal(table[i] + "\n", mount.ToMounts());
        }
    }

    [Fact]
    public void There_is_one_control_group_hierarchy_of_version_2()
    {
        List<HostMount> mounts = new Mounts(new HostReader(), new KernelOptions()).List();
        HostMount cgroup = Assert.Single(mounts, mount => mount.Type.StartsWith("cgroup", StringComparison.Ordinal));
        Assert.Equal(("cgroup2", "/sys/fs/cgroup", "/"), (cgroup.Type, cgroup.Point, cgroup.Root));
        Assert.Equal(mounts.Single(mount => mount.Point == "/sys").Id, cgroup.Parent);
        Assert.Equal(mounts.Count, mounts.Select(mount => mount.Id).Distinct().Count());
    }

    [Fact]
    public void Below_another_root_only_it_and_the_binds_are_mounted()
    {
        KernelOptions options = new()
        {
            RootDirectory = "/usr/",
            ReadOnly = true,
            Binds = [new BindMount("/etc", "/conf dir", true), new BindMount("/dev/shm", "/dev/shm", false)],
        };
        List<HostMount> mounts = new Mounts(new HostReader(), options).List();
        Assert.Equal(["/", "/proc", "/sys", "/dev", "/sys/fs/cgroup", "/conf\\040dir", "/dev/shm"], mounts.Select(mount => mount.Point));
        Assert.EndsWith("/usr", mounts[0].Root, StringComparison.Ordinal);
        Assert.StartsWith("ro", mounts[0].Options, StringComparison.Ordinal);
        Assert.StartsWith("ro", mounts[5].Options, StringComparison.Ordinal);
        Assert.EndsWith("/etc", mounts[5].Root, StringComparison.Ordinal);
        Assert.All(mounts.Skip(1), mount => Assert.Contains(mounts, parent => parent.Id == mount.Parent));
        Assert.Equal(mounts.Count, mounts.Select(mount => mount.Id).Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("22 27 0:21 / /proc rw")]
    [InlineData("22 27 0:21 / /proc rw - proc")]
    public void A_malformed_line_is_no_mount(string line) => Assert.Null(HostMount.Parse(line));
}
