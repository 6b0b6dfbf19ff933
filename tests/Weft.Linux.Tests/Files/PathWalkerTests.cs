using Weft.Linux.Files;
using Weft.Native;
using Xunit.Abstractions;

namespace Weft.Linux.Tests.Files;

public sealed class PathWalkerTests(ITestOutputHelper output) : IDisposable
{
    private readonly TemporaryTree _tree = new TemporaryTree()
        .With("outside/secret", "secret")
        .With("other/inner/file", "bound")
        .With("root/etc/file", "inside")
        .WithDirectory("root/a/b/c")
        .WithDirectory("root/mnt")
        .WithLink("root/absolute", "/etc/file")
        .WithLink("root/climbing", "../../../../../../../../outside/secret")
        .WithLink("root/a/up", "../etc")
        .WithLink("root/loop", "loop")
        .WithLink("root/a/b/root", "/");

    private readonly NativeBuffer _scratch = new(64 << 10);

    [Theory]
    [InlineData("/etc/file", "/etc/file")]
    [InlineData("/absolute", "/etc/file")]
    [InlineData("/../../etc/file", "/etc/file")]
    [InlineData("/a/b/../../etc/./file", "/etc/file")]
    [InlineData("/a/up/file", "/etc/file")]
    [InlineData("/a/b/root/a/up/../etc/file", "/etc/file")]
    [InlineData("//a//b//", "/a/b")]
    [InlineData("/..", "")]
    public void Path_leads_where_a_changed_root_would_lead(string path, string expected)
    {
        using PathWalker walker = Start(Options());
        Assert.Equal(Errno.None, walker.Walk(path, PathGoal.Object));
        Assert.Equal(expected, walker.Current.Path);
        Assert.Equal(_tree["root"] + expected, HostFile.PathOf(_scratch, walker.Current.Host));
    }

    [Theory]
    [InlineData("/climbing", Errno.ENOENT)]
    [InlineData("/loop", Errno.ELOOP)]
    [InlineData("/etc/file/", Errno.ENOTDIR)]
    [InlineData("/etc/file/.", Errno.ENOTDIR)]
    [InlineData("/etc/file/..", Errno.ENOTDIR)]
    [InlineData("/etc/file/x", Errno.ENOTDIR)]
    [InlineData("/none/..", Errno.ENOENT)]
    [InlineData("/../outside/secret", Errno.ENOENT)]
    public void Path_fails_as_on_Linux(string path, Errno expected)
    {
        using PathWalker walker = Start(Options());
        Assert.Equal(expected, walker.Walk(path, PathGoal.Object));
    }

    [Fact]
    public void Long_names_are_refused()
    {
        using PathWalker walker = Start(Options());
        Assert.Equal(Errno.ENAMETOOLONG, walker.Walk("/" + new string('n', 256), PathGoal.Object));
    }

    [Fact]
    public void Binds_hide_what_is_below_them_and_dots_leave_them_by_the_program_s_view()
    {
        KernelOptions options = Options() with { Binds = [new(_tree["other/inner"], "/mnt", true), new(_tree["other/inner/file"], "/etc/file", false)] };
        using (PathWalker walker = Start(options))
        {
            Assert.Equal(Errno.None, walker.Walk("/mnt/file", PathGoal.Object));
            Assert.Equal(_tree["other/inner/file"], HostFile.PathOf(_scratch, walker.Current.Host));
            Assert.True(walker.Current.Mount!.IsReadOnly);
        }
        using (PathWalker walker = Start(options))
        {
            Assert.Equal(Errno.None, walker.Walk("/mnt/../etc/file", PathGoal.Object));
            Assert.Equal(_tree["other/inner/file"], HostFile.PathOf(_scratch, walker.Current.Host));
            Assert.False(walker.Current.Mount!.IsReadOnly);
        }
    }

    [Fact]
    public void Walk_from_a_directory_climbs_no_further_than_the_root()
    {
        PathResolver resolver = new(Options(), Environment.ProcessId);
        FileDescription directory = Open(resolver, "/a/b/c");
        using PathWalker walker = new(resolver, null, _scratch);
        walker.StartAt(directory);
        Assert.Equal(Errno.None, walker.Walk("../../../../../../etc/file", PathGoal.Object));
        Assert.Equal("/etc/file", walker.Current.Path);
    }

    [Fact]
    public void Directory_from_outside_shows_only_what_is_below_it()
    {
        PathResolver resolver = new(Options(), Environment.ProcessId);
        FileDescription foreign = new((int)HostFile.OpenPath(_scratch, OpenFlags.CurrentDirectory, _tree["other"], 0));
        using PathWalker walker = new(resolver, null, _scratch);
        walker.StartAt(foreign);
        Assert.Equal(Errno.None, walker.Walk("inner/file", PathGoal.Object));
        walker.StartAt(foreign);
        Assert.Equal(Errno.ENOENT, walker.Walk("../outside/secret", PathGoal.Object));
        walker.StartAt(foreign);
        Assert.Equal(Errno.ENOENT, walker.Walk("inner/../../outside/secret", PathGoal.Object));
    }

    [Fact]
    public void The_VMM_s_own_proc_files_are_out_of_reach()
    {
        using PathWalker walker = Start(new KernelOptions());
        Assert.Equal(Errno.EACCES, walker.Walk("/proc/self/mem", PathGoal.Object));
        walker.StartAtRoot();
        Assert.Equal(Errno.EACCES, walker.Walk($"/proc/{Environment.ProcessId}/maps", PathGoal.Object));
        walker.StartAtRoot();
        Assert.Equal(Errno.EACCES, walker.Walk("/proc/thread-self/fd/0", PathGoal.ObjectOrLink));
        walker.StartAtRoot();
        Assert.Equal(Errno.None, walker.Walk("/proc/cpuinfo", PathGoal.Object));
    }

    [Fact]
    public void Missing_sources_are_named_to_the_user()
    {
        MountException error = Assert.Throws<MountException>(() => new PathResolver(new KernelOptions { RootDirectory = _tree["none"] }, 1));
        Assert.Contains("--root", error.Message);
        error = Assert.Throws<MountException>(() => new PathResolver(Options() with { Binds = [new(_tree["other"], "relative", false)] }, 1));
        Assert.Contains("--bind", error.Message);
    }

    [Fact]
    public void Renames_in_flight_never_lead_outside()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        _tree.WithDirectory("root/swap/x/y").With("root/swap/x/y/secret", "inside").WithLink("root/link", "../outside");
        Directory.CreateDirectory(_tree["outside/x/y"]);
        File.WriteAllText(_tree["outside/x/y/secret"], "secret");
        PathResolver resolver = new(Options(), Environment.ProcessId);
        FileDescription deep = Open(resolver, "/swap/x/y");
        bool stop = false;
        Thread attacker = new(() => Attack(ref stop));
        attacker.Start();
        string[] paths = ["/swap/x/y/../../../../outside/secret", "/swap/x/../../outside/x/y/secret", "/link/secret", "/swap/x/y/secret", "/swap/../../outside/secret"];
        string[] relative = ["../../../../outside/secret", "../../../outside/secret", "../secret", "../../../../../outside/x/y/secret"];
        Random random = new(seed);
        long end = Environment.TickCount64 + 1500;
        int found = 0;
        while (Environment.TickCount64 < end)
        {
            using PathWalker walker = new(resolver, null, _scratch);
            bool fromDirectory = random.Next(2) == 0;
            if (fromDirectory)
                walker.StartAt(deep);
            else
                walker.StartAtRoot();
            string path = fromDirectory ? relative[random.Next(relative.Length)] : paths[random.Next(paths.Length)];
            if (walker.Walk(path, PathGoal.Object) != Errno.None)
                continue;
            found++;
            Assert.NotEqual("secret", File.ReadAllText($"/proc/self/fd/{walker.Current.Host}"));
        }
        Volatile.Write(ref stop, true);
        attacker.Join();
        output.WriteLine($"{found} found");
        Assert.True(found > 0);
    }

    public void Dispose()
    {
        _scratch.Dispose();
        _tree.Dispose();
    }

    /// <summary>Moves directories out of the root and back, and swaps a directory for a link, as fast as it can.</summary>
    private void Attack(ref bool stop)
    {
        while (!Volatile.Read(ref stop))
        {
            Directory.Move(_tree["root/swap/x"], _tree["outside/moved"]);
            File.CreateSymbolicLink(_tree["root/swap/x"], "../../outside/x");
            File.Delete(_tree["root/swap/x"]);
            Directory.Move(_tree["outside/moved"], _tree["root/swap/x"]);
        }
    }

    private KernelOptions Options() => new() { RootDirectory = _tree["root"] };

    private PathWalker Start(KernelOptions options)
    {
        PathWalker walker = new(new PathResolver(options, Environment.ProcessId), null, _scratch);
        walker.StartAtRoot();
        return walker;
    }

    private FileDescription Open(PathResolver resolver, string path)
    {
        using PathWalker walker = new(resolver, null, _scratch);
        walker.StartAtRoot();
        Assert.Equal(Errno.None, walker.Walk(path, PathGoal.Object));
        return new FileDescription(walker.TakeHost()) { Mount = walker.Current.Mount };
    }
}
