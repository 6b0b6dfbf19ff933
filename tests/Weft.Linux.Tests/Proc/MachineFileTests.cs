using System.Text.RegularExpressions;
using Weft.Linux.Proc;

namespace Weft.Linux.Tests.Proc;

/// <summary>Files about the VM as a whole, against the host's.</summary>
public sealed class MachineFileTests
{
    private const ulong Limit = 1ul << 30;

    [KvmFact]
    public void Memory_is_the_limit_in_the_form_of_Linux()
    {
        using ViewedProcess view = new(new KernelOptions { MemoryLimitBytes = Limit });
        string own = view.Read("/proc/meminfo"), host = File.ReadAllText("/proc/meminfo");
        Assert.Equal(Keys(host), Keys(own));
        Assert.Equal(Limit / 1024, MemoryUse.ValueOf(own, "MemTotal"));
        Assert.InRange(MemoryUse.ValueOf(own, "MemAvailable"), 1ul, Limit / 1024);
        Assert.Equal(0ul, MemoryUse.ValueOf(own, "SwapTotal"));
        Assert.All(Lines(own), line => Assert.Matches("^[A-Za-z0-9_()]+: +[0-9]+( kB)?$", line));
        Assert.Equal(Lines(host).Select(line => line.Length), Lines(own).Select(line => line.Length));
    }

    [KvmFact]
    public void The_boot_id_is_the_machines_without_a_cluster()
    {
        using ViewedProcess view = new();
        Assert.Equal(File.ReadAllText(BootId.Path), view.Read(BootId.Path));
        Assert.Contains("hostname", view.List("/proc/sys/kernel"));
    }

    [Fact]
    public void Each_host_of_a_cluster_has_a_boot_id_of_its_own()
    {
        const string machine = "0dbc2f3e-1b2c-4d5e-8f90-0123456789ab\n";
        string[] ids = [.. Enumerable.Range(0, 192).Select(host => BootId.Of(machine, (ushort)host))];
        Assert.Equal(machine, ids[0]);
        Assert.Equal("0dbc2f3e-1b2c-4d5e-8f90-0123456789a9\n", ids[2]);
        Assert.Distinct(ids);
        Assert.Equal("", BootId.Of("", 3));
    }

    [KvmFact]
    public void Memory_is_the_hosts_without_a_limit()
    {
        using ViewedProcess view = new();
        ulong total = MemoryUse.ValueOf(File.ReadAllText("/proc/meminfo"), "MemTotal");
        Assert.Equal(total, MemoryUse.ValueOf(view.Read("/proc/meminfo"), "MemTotal"));
    }

    [KvmFact]
    public void There_are_as_many_processors_as_asked_for_everywhere()
    {
        string hostEntry = File.ReadAllText("/proc/cpuinfo").Split("\n\n")[0];
        foreach (int count in (int[])[1, Environment.ProcessorCount, 3, 40])
        {
            using ViewedProcess view = new(new KernelOptions { ProcessorCount = count });
            string[] entries = view.Read("/proc/cpuinfo").Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(count, entries.Length);
            Assert.All(entries, entry => Assert.Equal(Keys(hostEntry), Keys(entry)));
            Assert.Equal(count, Lines(view.Read("/proc/stat")).Count(line => Regex.IsMatch(line, "^cpu[0-9]")));
            string list = count == 1 ? "0\n" : $"0-{count - 1}\n";
            foreach (string file in (string[])["online", "possible", "present"])
                Assert.Equal(list, view.Read("/sys/devices/system/cpu/" + file));
            Assert.Equal(count, view.List("/sys/devices/system/cpu").Count(name => Regex.IsMatch(name, "^cpu[0-9]+$")));
            Assert.Equal(list, view.Read("/sys/devices/system/node/node0/cpulist"));
            Assert.Equal(list, view.Read("/sys/fs/cgroup/cpuset.cpus.effective"));
        }
    }

    [KvmFact]
    public void Another_number_of_processors_is_one_package_of_cores()
    {
        using ViewedProcess view = new(new KernelOptions { ProcessorCount = 40 });
        const string topology = "/sys/devices/system/cpu/cpu35/topology/";
        Assert.Equal("35\n", view.Read(topology + "core_id"));
        Assert.Equal("35\n", view.Read(topology + "thread_siblings_list"));
        Assert.Equal("08,00000000\n", view.Read(topology + "thread_siblings"));
        Assert.Equal("ff,ffffffff\n", view.Read(topology + "core_siblings"));
        Assert.Equal("../../node/node0", view.Find("/sys/devices/system/cpu/cpu35/node0")!.Target);
        Assert.Null(view.Find("/sys/devices/system/cpu/cpu40"));
        Assert.Equal("../../cpu/cpu39", view.Find("/sys/devices/system/node/node0/cpu39")!.Target);
        Assert.Null(view.Find("/sys/devices/system/node/node0/cpu40"));
    }

    [KvmFact]
    public void Processor_times_add_up()
    {
        using ViewedProcess view = new(new KernelOptions { ProcessorCount = 3 });
        string[] lines = Lines(view.Read("/proc/stat"));
        ulong[] Row(string line) => [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(ulong.Parse)];
        ulong[] sum = Row(lines[0]);
        for (int field = 0; field < sum.Length; field++)
            Assert.Equal(sum[field], Row(lines[1])[field] + Row(lines[2])[field] + Row(lines[3])[field]);
        Assert.Equal(Keys(File.ReadAllText("/proc/stat")).Where(IsNoProcessor), Keys(string.Join('\n', lines)).Where(IsNoProcessor));
        static bool IsNoProcessor(string key) => !key.StartsWith("cpu", StringComparison.Ordinal);
    }

    [KvmFact]
    public void The_control_group_states_the_limits()
    {
        using ViewedProcess free = new(), tight = new(new KernelOptions { MemoryLimitBytes = Limit, ProcessorCount = 1 });
        Assert.Equal("max\n", free.Read("/sys/fs/cgroup/memory.max"));
        Assert.Equal("max 100000\n", free.Read("/sys/fs/cgroup/cpu.max"));
        Assert.Equal($"{Limit}\n", tight.Read("/sys/fs/cgroup/memory.max"));
        Assert.Equal(Environment.ProcessorCount > 1 ? "100000 100000\n" : "max 100000\n", tight.Read("/sys/fs/cgroup/cpu.max"));
        Assert.InRange(ulong.Parse(tight.Read("/sys/fs/cgroup/memory.current")), 1ul, Limit);
        Assert.Equal("0::/\n", tight.ReadOwn("cgroup"));
        Assert.Equal($"{tight.Process.Id}\n", tight.Read("/sys/fs/cgroup/cgroup.procs"));
    }

    [KvmFact]
    public void The_hosts_settings_can_be_read_and_not_written()
    {
        using ViewedProcess view = new();
        foreach (string path in (string[])["/proc/sys/kernel/osrelease", "/proc/sys/vm/overcommit_memory", "/proc/version", "/sys/kernel/mm/transparent_hugepage/enabled"])
        {
            Assert.Equal(File.ReadAllText(path), view.Read(path));
            Assert.Null(view.Find(path)!.Write);
        }
        string link = Directory.EnumerateFileSystemEntries("/sys/class/net").First();
        Assert.Equal(new FileInfo(link).LinkTarget, view.Find(link)!.Target);
        Assert.Null(view.Find("/sys/kernel/debug"));
        Assert.Null(view.Find("/sys/class/infiniband"));
    }

    [KvmFact]
    public void Without_a_network_only_the_loopback_is_there()
    {
        using ViewedProcess view = new(new KernelOptions { HasNetwork = false });
        string net = $"/proc/{view.Process.Id}/net/";
        string[] own = Lines(view.Read(net + "dev")), host = File.ReadAllLines("/proc/net/dev");
        Assert.Equal(host[..2], own[..2]);
        Assert.Single(own[2..]);
        Assert.Equal(17, own[2].Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(File.ReadLines("/proc/net/tcp").Take(1), Lines(view.Read(net + "tcp")));
        Assert.Equal(["lo"], view.List("/sys/class/net"));
    }

    [KvmFact]
    public void The_network_is_the_hosts_otherwise()
    {
        using ViewedProcess view = new();
        Assert.Equal("self/net", view.Find("/proc/net")!.Target);
        Assert.Equal(File.ReadAllText("/proc/net/route"), view.ReadOwn("net/route"));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Keys(string text) => [.. Lines(text).Select(line => line.Split(':', ' ')[0].TrimEnd())];
}
