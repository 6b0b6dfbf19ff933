using System.Text;
using Weft.Linux.Loading;
using Weft.Native;

namespace Weft.Vm.Tests;

public sealed class ProgramLookupTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weft-lookup-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void The_first_executable_in_path_is_found()
    {
        Make("a/tool", false);
        string wanted = Make("b/tool", true);
        Make("c/tool", true);
        Assert.Equal(wanted, Find("tool", "a", "missing", "b", "c"));
    }

    [Fact]
    public void Directories_are_passed_over()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "a/tool"));
        Assert.Equal(Make("b/tool", true), Find("tool", "a", "b"));
    }

    [Fact]
    public void A_file_without_execute_permission_is_told_apart_from_none()
    {
        Make("a/tool", false);
        Assert.Equal(Errno.EACCES, Assert.Throws<LoadException>(() => Find("tool", "a")).Errno);
        Assert.Equal(Errno.ENOENT, Assert.Throws<LoadException>(() => Find("other", "a")).Errno);
        Assert.Equal(Errno.ENOENT, Assert.Throws<LoadException>(() => Find("", "a")).Errno);
    }

    [Fact]
    public void A_name_with_a_slash_is_not_searched_for()
    {
        string tool = Make("a/tool", true);
        Assert.Equal(tool, Find(tool));
        Assert.Equal(Errno.ENOENT, Assert.Throws<LoadException>(() => Find("./tool-that-is-not-here", "a")).Errno);
        Assert.Equal(Errno.ENOTDIR, Assert.Throws<LoadException>(() => Find(tool + "/x")).Errno);
    }

    [Fact]
    public void Without_path_the_systems_directories_are_searched() =>
        Assert.EndsWith("/sh", new ProgramLookup(Open).Find("sh", []));

    private static long Open(string path)
    {
        using NativeBuffer name = new(4096);
        Encoding.UTF8.GetBytes(path, name.Span);
        const int currentDirectory = -100, readOnlyCloseOnExec = 0x80000;
        return HostStubs.Call(SystemCall.Openat, currentDirectory, (long)name.Address.Value, readOnlyCloseOnExec);
    }

    private string Find(string name, params string[] directories) => new ProgramLookup(Open).Find(name,
        [Encoding.UTF8.GetBytes("PATH=" + string.Join(':', directories.Select(directory => Path.Combine(_directory, directory))))]);

    private string Make(string name, bool executable)
    {
        string path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
        File.SetUnixFileMode(path, executable ? UnixFileMode.UserRead | UnixFileMode.UserExecute : UnixFileMode.UserRead);
        return path;
    }
}
