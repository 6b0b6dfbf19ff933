namespace Weft.Native.Tests;

public sealed class HostProcessTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Words_variables_and_descriptors_reach_the_program()
    {
        using (FileStream file = new(_file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            Assert.Equal(3, Wait("/bin/sh", ["sh", "-c", "echo \"$1 [$WEFT_PROBE]\"; readlink /proc/self/fd/0; exit 3", "x", "a b"], ["WEFT_PROBE=é"],
                [-1, (int)file.SafeFileHandle.DangerousGetHandle(), -1]));
        Assert.Equal("a b [é]\n/dev/null\n", File.ReadAllText(_file));
    }

    [Fact]
    public void No_words_and_no_variables_are_no_trouble() => Assert.Equal(0, Wait("/bin/true", ["true"], [], []));

    [Fact]
    public void A_new_session_has_no_terminal_and_a_leader_of_its_own()
    {
        using (FileStream file = new(_file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            Assert.Equal(0, Wait("/bin/sh", ["sh", "-c", "echo $$; cut -d' ' -f6 /proc/$$/stat"], ["PATH=/bin:/usr/bin"],
                [-1, (int)file.SafeFileHandle.DangerousGetHandle(), -1]));
        string[] lines = File.ReadAllLines(_file);
        Assert.Equal(lines[0], lines[1]);
    }

    [Fact]
    public void Ends_by_signals_and_missing_programs_are_told_apart()
    {
        const int terminated = 128 + 15;
        Assert.Equal(terminated, Wait("/bin/sh", ["sh", "-c", "kill -TERM $$"], [], []));
        Assert.Equal(-(int)Errno.ENOENT, HostProcess.Start("/no/such/program", ["x"], [], [], false));
        Assert.Equal(-(int)Errno.ECHILD, HostProcess.Wait(1));
        Assert.Equal(-(int)Errno.ENOENT, HostProcess.Become("/no/such/program", ["x"], []));
    }

    [Fact]
    public void What_is_kept_from_children_does_not_reach_them()
    {
        const int duplicate = 0, high = 200, getFlags = 1;
        using FileStream file = new(_file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        long open = HostStubs.Call(SystemCall.Fcntl, (long)file.SafeFileHandle.DangerousGetHandle(), duplicate, high);
        Assert.Equal(0, HostStubs.Call(SystemCall.Fcntl, open, getFlags));
        HostProcess.KeepFromChildren((int)open);
        Assert.Equal(1, HostStubs.Call(SystemCall.Fcntl, open, getFlags));
        HostStubs.Call(SystemCall.Close, open);
    }

    private static int Wait(string path, string[] arguments, string[] environment, int[] descriptors)
    {
        int process = HostProcess.Start(path, arguments, environment, descriptors, true);
        Assert.True(process > 0, $"{process}");
        return HostProcess.Wait(process);
    }
}
