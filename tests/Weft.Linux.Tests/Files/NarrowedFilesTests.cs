using System.Text;
using Weft.Linux.Files;
using Weft.Native;

namespace Weft.Linux.Tests.Files;

/// <summary>System calls of a program whose files are narrowed.</summary>
public sealed class NarrowedFilesTests : IDisposable
{
    private readonly TemporaryTree _tree = new TemporaryTree()
        .With("outside/secret", "secret")
        .With("root/etc/file", "inside")
        .WithDirectory("root/work")
        .WithLink("root/work/out", "../../outside/secret")
        .WithLink("root/work/fine", "/etc/file");

    [KvmFact]
    public void Root_contains_paths_links_and_directories()
    {
        GuestFixture guest = new(new KernelOptions { RootDirectory = _tree["root"] });
        Assert.Equal("inside", guest.Read(guest.Open("/work/fine").Value));
        Assert.Equal(Errno.ENOENT, guest.Open("/work/out").Error);
        Assert.Equal(Errno.ENOENT, guest.Open("/../../outside/secret").Error);
        long work = guest.Open("/work", OpenFlags.Directory).Value;
        Assert.Equal("inside", guest.Read(guest.OpenAt(work, "../etc/file").Value));
        Assert.Equal(Errno.ENOENT, guest.OpenAt(work, "../../outside/secret").Error);
        Assert.Equal(Errno.ENOENT, guest.OpenAt(work, "out").Error);
        Assert.Equal(SyscallResult.Success, guest.Call(SystemCall.Chdir, guest.Text("work")));
        Assert.Equal(Errno.ENOENT, guest.Open("../../../outside/secret").Error);
        Assert.Equal("inside", guest.Read(guest.Open("../../../etc/file").Value));
    }

    [KvmFact]
    public void Directory_passed_in_leads_nowhere_but_below()
    {
        GuestFixture guest = new(new KernelOptions { RootDirectory = _tree["root"] });
        using NativeBuffer scratch = new(64 << 10);
        long host = HostFile.OpenPath(scratch, OpenFlags.CurrentDirectory, _tree["outside"], 0);
        long passed = guest.Thread.Files.InstallHost(host, false).Value;
        Assert.Equal("secret", guest.Read(guest.OpenAt(passed, "secret").Value));
        Assert.Equal(Errno.ENOENT, guest.OpenAt(passed, "../root/etc/file").Error);
        Assert.Equal(SyscallResult.Success, guest.Call(SystemCall.Fchdir, (ulong)passed));
        Assert.Equal(Errno.ENOENT, guest.Open("../root/etc/file").Error);
        Assert.Equal("inside", guest.Read(guest.Open("/etc/file").Value));
    }

    [KvmFact]
    public void Read_only_refuses_every_change()
    {
        GuestFixture guest = new(new KernelOptions { RootDirectory = _tree["root"], ReadOnly = true });
        ulong file = guest.Text("/etc/file"), fresh = guest.Text("/etc/fresh"), here = unchecked((ulong)OpenFlags.CurrentDirectory);
        Assert.Equal(Errno.EROFS, guest.Open("/etc/file", OpenFlags.WriteOnly).Error);
        Assert.Equal(Errno.EROFS, guest.Open("/etc/file", OpenFlags.Truncate).Error);
        Assert.Equal(Errno.EROFS, guest.Open("/etc/fresh", OpenFlags.Create | OpenFlags.ReadWrite).Error);
        Assert.Equal(Errno.EROFS, guest.Open("/etc", OpenFlags.Temporary | OpenFlags.Directory | OpenFlags.ReadWrite).Error);
        Assert.Equal("inside", guest.Read(guest.Open("/etc/file", OpenFlags.Create).Value));
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Mkdir, fresh, 0x1ff).Error);
        Assert.Equal(Errno.EEXIST, guest.Call(SystemCall.Mkdir, file, 0x1ff).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Unlink, file).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Rename, file, fresh).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Link, file, fresh).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Symlink, file, fresh).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Mknod, fresh, FileType.Fifo | 0x1ff).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Chmod, file, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Chown, file, 0, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Truncate, file, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Utimensat, here, file, 0, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Setxattr, file, guest.Text("user.x"), file, 1, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Removexattr, file, guest.Text("user.x")).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Access, file, 2).Error);
        ulong open = (ulong)guest.Open("/etc/file").Value;
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Fchmod, open, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Fchown, open, 0, 0).Error);
        Assert.Equal(Errno.EROFS, guest.Call(SystemCall.Utimensat, open, 0, 0, 0).Error);
        Assert.Equal("inside", File.ReadAllText(_tree["root/etc/file"]));
    }

    [KvmFact]
    public void Writable_bind_in_a_read_only_root_can_be_changed_and_not_left()
    {
        GuestFixture guest = new(new KernelOptions
        {
            RootDirectory = _tree["root"],
            ReadOnly = true,
            Binds = [new BindMount(_tree.WithDirectory("bound")["bound"], "/work", false)],
        });
        long file = guest.Open("/work/new", OpenFlags.Create | OpenFlags.ReadWrite).Value;
        Assert.True(file >= 0);
        Assert.True(File.Exists(_tree["bound/new"]));
        Assert.Equal(Errno.ENOENT, guest.Open("/work/../outside/secret").Error);
        Assert.Equal(Errno.EXDEV, guest.Call(SystemCall.Rename, guest.Text("/work/new"), guest.Text("/etc/new")).Error);
        Assert.Equal(Errno.EXDEV, guest.Call(SystemCall.Link, guest.Text("/etc/file"), guest.Text("/work/link")).Error);
        Assert.Equal(SyscallResult.Success, guest.Call(SystemCall.Rename, guest.Text("/work/new"), guest.Text("/work/newer")));
        Assert.True(File.Exists(_tree["bound/newer"]));
        Assert.Equal(Errno.EROFS, guest.Open("/work/../etc/new", OpenFlags.Create).Error);
    }

    [KvmFact]
    public void Working_directory_is_told_as_the_program_sees_it()
    {
        GuestFixture guest = new(new KernelOptions { RootDirectory = _tree["root"], WorkingDirectory = "/work" });
        ulong buffer = guest.Map(1).Value;
        Assert.Equal("/work".Length + 1, guest.Call(SystemCall.Getcwd, buffer, 100).Value);
        byte[] text = new byte[5];
        Assert.True(guest.Process.Memory.TryRead(new(buffer), text));
        Assert.Equal("/work", Encoding.UTF8.GetString(text));
        Assert.Equal(Errno.ERANGE, guest.Call(SystemCall.Getcwd, buffer, 5).Error);
    }

    [KvmFact]
    public void A_link_to_the_VMM_s_proc_files_is_refused_where_nothing_is_narrowed()
    {
        GuestFixture guest = new(new KernelOptions());
        using FileLease own = guest.Thread.Files.Rent((int)guest.Call(SystemCall.MemfdCreate, guest.Text("own"), 0).Value);
        _tree.WithLink("memory", "/proc/self/mem").WithLink("own", $"/proc/self/fd/{own.Host}");
        Assert.Equal(Errno.EACCES, guest.Open(_tree["memory"]).Error);
        Assert.Equal(Errno.ENOENT, guest.Open(_tree["own"]).Error);
        Assert.Equal(Errno.ENOENT, guest.Call(SystemCall.Truncate, guest.Text(_tree["own"]), 0).Error);
        Assert.Equal(Errno.EACCES, guest.Open("/tmp/../proc/thread-self/maps").Error);
        Assert.False(guest.Open("/proc/cpuinfo").IsError);
    }

    public void Dispose() => _tree.Dispose();
}
