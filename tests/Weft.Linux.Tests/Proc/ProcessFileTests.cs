using System.Text.RegularExpressions;
using Weft.Linux.Files;
using Weft.Linux.Memory;

namespace Weft.Linux.Tests.Proc;

/// <summary>Files below /proc/PID, against those that Linux shows of the test's own process.</summary>
public sealed partial class ProcessFileTests
{
    [KvmFact]
    public void Maps_has_the_lines_of_Linux()
    {
        using ViewedProcess view = new();
        string[] own = Lines(view.ReadOwn("maps")), host = Lines(ViewedProcess.HostText("maps"));
        Assert.All(host, line => Assert.Matches(MapsLine(), line));
        Assert.All(own, line => Assert.Matches(MapsLine(), line));
        Assert.Contains(own, line => line.EndsWith(" [heap]", StringComparison.Ordinal));
        Assert.Contains(own, line => line.IndexOf("[stack]", StringComparison.Ordinal) == 73);
        Assert.Contains(own, line => line.Contains(" r-xp 00000000 103:02 12345 ", StringComparison.Ordinal));
    }

    [KvmFact]
    public void A_line_break_in_a_mapped_name_is_escaped()
    {
        using ViewedProcess view = new();
        view.Map(new MapRequest { LengthBytes = 4096, Protection = Protection.Read, File = new MappedFile("/memfd:a\nb (deleted)", 1, 2, true) });
        Assert.Contains(Lines(view.ReadOwn("maps")), line => line.EndsWith("/memfd:a\\012b (deleted)", StringComparison.Ordinal));
    }

    [KvmFact]
    public void Status_has_the_keys_of_Linux_in_their_order()
    {
        using ViewedProcess view = new();
        string own = view.ReadOwn("status"), host = ViewedProcess.HostText("status");
        Assert.Equal(Keys(host), Keys(own));
        Assert.Equal(Lines(host).Select(Shape), Lines(own).Select(Shape));
    }

    [KvmFact]
    public void Status_follows_signals_affinity_and_memory()
    {
        using ViewedProcess view = new(new KernelOptions { ProcessorCount = 5 });
        view.Thread.Signals.SetMask(Weft.Linux.Signals.SignalSet.Of(10));
        view.Thread.Attributes.Affinity = [0b10110];
        string status = view.ReadOwn("status");
        Assert.Contains("SigBlk:\t0000000000000200\n", status, StringComparison.Ordinal);
        Assert.Contains("Cpus_allowed:\t16\nCpus_allowed_list:\t1-2,4\n", status, StringComparison.Ordinal);
        Assert.Contains("Name:\tcat\n", status, StringComparison.Ordinal);
        ulong size = (ulong)view.Process.Memory.SnapshotAreas().Sum(area => (long)area.Length);
        Assert.Contains($"VmSize:\t{size / 1024,8} kB\n", status, StringComparison.Ordinal);
        Assert.Contains("VmStk:\t    8192 kB\n", status, StringComparison.Ordinal);
    }

    [KvmFact]
    public void Stat_has_the_fields_of_Linux()
    {
        using ViewedProcess view = new();
        string own = view.ReadOwn("stat"), host = ViewedProcess.HostText("stat");
        Assert.StartsWith($"{view.Thread.ThreadId} (cat) ", own, StringComparison.Ordinal);
        string[] fields = own[(own.LastIndexOf(')') + 2)..].Split(' '), hosts = host[(host.LastIndexOf(')') + 2)..].Split(' ');
        Assert.Equal(hosts.Length, fields.Length);
        Assert.All(fields.Skip(1), field => Assert.Matches("^-?[0-9]+\n?$", field));
        Assert.Equal(ViewedProcess.ArgumentsStart, ulong.Parse(fields[45]));
        Assert.Equal("1", fields[17]);
    }

    [KvmFact]
    public void Statm_agrees_with_status()
    {
        using ViewedProcess view = new();
        ulong[] pages = [.. view.ReadOwn("statm").Split(' ').Select(ulong.Parse)];
        Assert.Equal(7, pages.Length);
        Assert.Contains($"VmSize:\t{pages[0] * 4,8} kB\n", view.ReadOwn("status"), StringComparison.Ordinal);
        Assert.InRange(pages[1], 1ul, pages[0]);
    }

    [KvmFact]
    public void Limits_are_printed_as_Linux_prints_them()
    {
        using ViewedProcess view = new();
        string[] own = Lines(view.ReadOwn("limits")), host = Lines(ViewedProcess.HostText("limits"));
        Assert.Equal(host.Where(IsNotDescriptors), own.Where(IsNotDescriptors));
        Assert.Equal(host.Select(line => line.Length), own.Select(line => line.Length));
        static bool IsNotDescriptors(string line) => !line.StartsWith("Max open files", StringComparison.Ordinal);
    }

    [KvmFact]
    public void Smaps_has_the_keys_of_Linux()
    {
        using ViewedProcess view = new();
        Assert.Equal(Keys(Entry(ViewedProcess.HostText("smaps"))), Keys(Entry(view.ReadOwn("smaps"))));
        Assert.Equal(Lines(File.ReadAllText("/proc/self/smaps_rollup")).Skip(1).Select(Shape), Lines(view.ReadOwn("smaps_rollup")).Skip(1).Select(Shape));
    }

    [KvmFact]
    public void Resident_memory_is_what_was_touched()
    {
        const ulong length = 16 << 20, touched = 4 << 20, page = 4096, unit = 1024;
        using ViewedProcess view = new();
        ulong before = Rollup(view);
        ulong address = view.Map(new MapRequest { LengthBytes = length, Protection = Protection.Read | Protection.Write });
        for (ulong offset = 0; offset < touched; offset += page)
            Assert.True(view.Process.Memory.TryWrite(new(address + offset), 1));
        Assert.InRange(Rollup(view) - before, touched / unit, length / unit);
        static ulong Rollup(ViewedProcess view) => ulong.Parse(Lines(view.ReadOwn("smaps_rollup"))[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    [KvmFact]
    public void The_command_line_follows_what_the_program_writes_over_it()
    {
        using ViewedProcess view = new();
        Assert.Equal("cat\0file name\0", view.ReadOwn("cmdline"));
        Assert.Equal("HOME=/root\0LANG=C\0", view.ReadOwn("environ"));
        Assert.True(view.Process.Memory.TryWrite(new(ViewedProcess.ArgumentsStart), "a title past the arguments\0"u8));
        Assert.Equal("a title past the arguments", view.ReadOwn("cmdline").TrimEnd('\0'));
    }

    [KvmFact]
    public void A_thread_can_be_renamed_with_at_most_15_bytes()
    {
        using ViewedProcess view = new();
        VirtualNode comm = view.Find($"/proc/{view.Process.Id}/task/{view.Thread.ThreadId}/comm")!;
        Assert.Equal(20, comm.Write!(view.Thread, "a name of 20 letters"u8).Value);
        Assert.Equal("a name of 20 le\n", view.ReadOwn("comm"));
    }

    [KvmFact]
    public void Descriptors_are_the_programs()
    {
        using ViewedProcess view = new();
        int kept = view.Open("/etc/passwd", false), closed = view.Open("/dev/null", true);
        Assert.Equal([$"{kept}", $"{closed}"], view.List($"/proc/{view.Process.Id}/fd"));
        VirtualNode link = view.Find($"/proc/{view.Process.Id}/fd/{closed}")!;
        Assert.Equal((VirtualNodeKind.Descriptor, closed), (link.Kind, link.DescriptorNumber));
        Assert.Null(view.Find($"/proc/{view.Process.Id}/fd/77"));
        Assert.Null(view.Find($"/proc/{view.Process.Id}/fd/0{kept}"));
        string info = view.ReadOwn($"fdinfo/{kept}");
        Assert.Contains("flags:\t0100000\n", info, StringComparison.Ordinal);
        Assert.Contains("flags:\t02100000\n", view.ReadOwn($"fdinfo/{closed}"), StringComparison.Ordinal);
        using FileStream host = File.OpenRead("/etc/passwd");
        Assert.Equal(Keys(File.ReadAllText($"/proc/self/fdinfo/{host.SafeFileHandle.DangerousGetHandle()}")).Where(key => key != "lock"), Keys(info));
    }

    [KvmFact]
    public void Only_the_programs_own_processes_are_there()
    {
        using ViewedProcess view = new();
        string self = $"{view.Process.Id}";
        Assert.Equal([self], view.List("/proc").Where(name => char.IsDigit(name[0])));
        Assert.Null(view.Find("/proc/1"));
        Assert.Null(view.Find("/proc/1/stat"));
        Assert.Null(view.Find($"/proc/0{self}"));
        Assert.Equal(self, view.Find("/proc/self")!.Target);
        Assert.Equal($"{self}/task/{view.Thread.ThreadId}", view.Find("/proc/thread-self")!.Target);
        Assert.Equal([$"{view.Thread.ThreadId}"], view.List($"/proc/{self}/task"));
    }

    [KvmFact]
    public void Every_entry_that_is_listed_can_be_found()
    {
        using ViewedProcess view = new();
        foreach (string directory in (string[])["/proc", $"/proc/{view.Process.Id}", $"/proc/{view.Process.Id}/task/{view.Thread.ThreadId}", "/sys", "/sys/fs/cgroup", "/sys/devices/system/cpu"])
            Assert.All(view.Find(directory)!.List!(view.Thread), entry => Assert.Equal(entry.Kind, view.Find($"{directory}/{entry.Name}")?.Kind));
    }

    private const int ValueColumns = 8;

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Keys(string text) => [.. Lines(text).Select(line => line.Split(':')[0])];

    /// <summary>The lines of smaps' first entry, without its head.</summary>
    private static string Entry(string smaps) => string.Join('\n', Lines(smaps).Skip(1).TakeWhile(line => !MapsLine().IsMatch(line)).Where(line => !line.StartsWith("ProtectionKey", StringComparison.Ordinal)));

    /// <summary>A line with its numbers alike: what separates and pads them stays.</summary>
    private static string Shape(string line)
    {
        string key = line.Split(':')[0];
        return key + ":" + Numbers().Replace(line[(key.Length + 1)..].Contains("kB", StringComparison.Ordinal) ? line[(key.Length + 1)..] : "", match => new string('n', Math.Min(match.Length, ValueColumns)));
    }

    [GeneratedRegex(" *[0-9]+")]
    private static partial Regex Numbers();

    [GeneratedRegex("^[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] [0-9a-f]{8,16} [0-9a-f]{2,}:[0-9a-f]{2,} [0-9]+ ( *[^ ].*)?$")]
    private static partial Regex MapsLine();
}
