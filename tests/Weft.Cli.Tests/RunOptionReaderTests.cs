using Weft.Linux;

namespace Weft.Cli.Tests;

public sealed class RunOptionReaderTests
{
    [Fact]
    public void Every_option_has_its_effect()
    {
        RunOptions options = Words.Options("--memory", "2G", "--vcpus=3", "--root", "/tmp", "--bind", "/etc:/data:ro", "--bind", "/usr:/u", "--read-only",
            "--network", "none", "--env", "A=1", "--env=B", "--cwd", "/data", "--name", "web-1", "--trace=/t", "--stats=/s", "--syscalls", "exit", "--", "p", "q");
        KernelOptions kernel = options.Kernel;
        Assert.Equal(2UL << 30, kernel.MemoryLimitBytes);
        Assert.Equal(3, kernel.ProcessorCount);
        Assert.Equal("/tmp", kernel.RootDirectory);
        Assert.Equal([new BindMount("/etc", "/data", true), new BindMount("/usr", "/u", false)], kernel.Binds);
        Assert.True(kernel.ReadOnly);
        Assert.False(kernel.HasNetwork);
        Assert.Equal("/data", kernel.WorkingDirectory);
        Assert.Equal("web-1", kernel.Name);
        Assert.Equal(SystemCallMode.Exit, kernel.SystemCalls);
        Assert.Equal("/t", options.Watching.Trace);
        Assert.Equal("/s", options.Watching.Statistics);
        Assert.Equal(["A=1", "B"], Words.Text(options.Environment));
        Assert.Equal(["p", "q"], Words.Text(options.Command));
    }

    [Theory]
    [InlineData("--adapter", AdapterUse.Any)]
    [InlineData("--adapter=auto", AdapterUse.Auto)]
    [InlineData("--adapter=poll", AdapterUse.Poll)]
    [InlineData("--adapter=event", AdapterUse.Event)]
    public void An_adapter_goes_with_memory_that_it_can_reach(string option, AdapterUse use)
    {
        KernelOptions kernel = Words.Options(option, "--", "p").Kernel;
        Assert.Equal((use, true), (kernel.Adapter, kernel.SharesMemory));
        Assert.Equal(AdapterUse.None, Words.Options("p").Kernel.Adapter);
    }

    [Fact]
    public void Without_options_nothing_is_narrowed()
    {
        KernelOptions kernel = Words.Options("ls").Kernel;
        Assert.False(kernel.NarrowsFiles);
        Assert.True(kernel.HasNetwork);
        Assert.Null(kernel.MemoryLimitBytes);
        Assert.Equal(Environment.ProcessorCount, kernel.ProcessorCount);
        Assert.Equal(SystemCallMode.Auto, kernel.SystemCalls);
    }

    [Fact]
    public void Of_an_option_given_twice_the_last_one_counts() =>
        Assert.Equal(2, Words.Options("--vcpus", "7", "--vcpus", "2", "ls").Kernel.ProcessorCount);

    [Fact]
    public void A_relative_working_directory_is_the_callers() =>
        Assert.Equal(Path.GetFullPath("sub"), Words.Options("--cwd", "sub", "ls").Kernel.WorkingDirectory);

    [Theory]
    [InlineData("--memory|lots", "'lots' is not a size")]
    [InlineData("--memory|4K", "too little for any program")]
    [InlineData("--vcpus|0", "not a number from 1")]
    [InlineData("--vcpus|1025", "not a number from 1")]
    [InlineData("--vcpus|two", "not a number from 1")]
    [InlineData("--root|/nonexistent", "does not exist")]
    [InlineData("--root|/etc/passwd", "is not a directory")]
    [InlineData("--bind|/etc", "not of the right form")]
    [InlineData("--bind|/etc:/x:rx", "not of the right form")]
    [InlineData("--bind|/etc:x", "must begin with '/'")]
    [InlineData("--bind|/nonexistent:/x", "does not exist")]
    [InlineData("--network|bridge", "not one of host, none")]
    [InlineData("--adapter=fast", "not one of auto, poll, event")]
    [InlineData("--syscalls|fast", "not one of exit, attendant, auto")]
    [InlineData("--name|-x", "is no name")]
    [InlineData("--name|a/b", "is no name")]
    [InlineData("--env|=x", "needs a variable")]
    [InlineData("--cwd|", "needs a value")]
    [InlineData("--trace=", "names no file")]
    public void Wrong_values_are_refused_with_the_reason(string option, string reason) =>
        Assert.Contains(reason, Words.Error([.. option.Split('|'), "--", "ls"]));

    [Fact]
    public void Variables_replace_their_namesakes_in_place_and_add_the_rest()
    {
        byte[][] caller = Words.Of("A=1", "B=2", "A=3", "AB=4");
        Assert.Equal(["A=9", "B=2", "AB=4", "C="], Words.Text(ProgramEnvironment.Build(caller, Words.Of("A=9", "B", "C="))));
        Assert.Equal(["A=1", "B=2", "A=3", "AB=4"], Words.Text(ProgramEnvironment.Build(caller, [])));
    }
}
