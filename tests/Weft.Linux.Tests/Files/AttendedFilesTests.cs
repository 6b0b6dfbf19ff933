using System.Text;
using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Files;

/// <summary>What the attendant does on files, and what it declines because it could wait.</summary>
public sealed class AttendedFilesTests : IDisposable
{
    private const ulong ReadOnly = 0, ReadWrite = 2, Create = 0x40, NonBlocking = 0x800, Here = unchecked((ulong)-100);
    private readonly CallFixture _calls = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("weft-attended").FullName;

    public void Dispose()
    {
        _calls.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [KvmFact]
    public void A_file_that_is_there_is_opened_read_and_closed()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "hello");
        ulong file = Open("file", ReadWrite);
        GuestVirtualAddress buffer = _calls.Map(1);
        Assert.Equal(5, _calls.CallAttended(SystemCall.Read, file, buffer.Value, 100).Value);
        Assert.Equal((byte)'h', _calls.Get<byte>(buffer));
        Assert.Equal(0, _calls.CallAttended(SystemCall.Read, file, buffer.Value, 100).Value);
        Assert.Equal(3, _calls.CallAttended(SystemCall.Pread64, file, buffer.Value, 100, 2).Value);
        Assert.Equal(3, _calls.CallAttended(SystemCall.Pwrite64, file, buffer.Value, 3, 5).Value);
        Assert.Equal("hellollo", File.ReadAllText(Path.Combine(_folder, "file")));
        Assert.Equal(0, _calls.CallAttended(SystemCall.Close, file).Value);
        Assert.Equal(Errno.EBADF, _calls.CallAttended(SystemCall.Close, file).Error);
    }

    [KvmFact]
    public void A_read_brings_all_that_a_file_has_whatever_the_page_cache_holds()
    {
        const int dontNeed = 4, length = 40_000;
        byte[] content = new byte[length];
        new Random(5).NextBytes(content);
        File.WriteAllBytes(Path.Combine(_folder, "file"), content);
        ulong file = Open("file", ReadOnly);
        GuestVirtualAddress buffer = _calls.Map(10);
        SyscallResult host = HostStubs.Call(SystemCall.Fadvise64, HostDescriptorOf(file), 4096, 8192, dontNeed);
        Assert.False(host.IsError);
        SyscallResult result = _calls.CallAttended(SystemCall.Read, file, buffer.Value, length);
        if (result == SyscallResult.Declined)
            result = _calls.Call(SystemCall.Read, file, buffer.Value, length);
        Assert.Equal(length, result.Value);
        byte[] seen = new byte[length];
        Assert.True(_calls.Memory.TryRead(buffer, seen));
        Assert.Equal(content, seen);
    }

    [KvmFact]
    public void What_may_wait_or_make_something_is_not_opened()
    {
        string fifo = Path.Combine(_folder, "fifo");
        using (NativeBuffer path = new(4096))
        {
            Encoding.ASCII.GetBytes(fifo + "\0", path.Span);
            const int fifoMode = 0x1180;
            Assert.Equal(0, HostStubs.Call(SystemCall.Mknodat, -100, (long)path.Address.Value, fifoMode, 0));
        }
        Assert.Equal(SyscallResult.Declined, TryOpen(fifo, ReadOnly));
        Assert.Equal(SyscallResult.Declined, TryOpen(Path.Combine(_folder, "new"), ReadWrite | Create));
        Assert.Equal(SyscallResult.Declined, TryOpen("/dev/tty", ReadOnly));
        Assert.Equal(Errno.ENOENT, TryOpen(Path.Combine(_folder, "missing"), ReadOnly).Error);
    }

    [KvmTheory]
    [InlineData(0)]
    [InlineData(NonBlocking)]
    public void An_empty_pipe_is_left_to_the_thread_unless_the_program_never_waits(ulong flags)
    {
        GuestVirtualAddress ends = _calls.Map(1);
        Assert.Equal(0, _calls.Call(SystemCall.Pipe2, ends.Value, flags).Value);
        ulong reader = (ulong)_calls.Get<int>(ends), writer = (ulong)_calls.Get<int>(ends, 1);
        SyscallResult empty = _calls.CallAttended(SystemCall.Read, reader, ends.Value, 10);
        Assert.Equal(flags == 0 ? SyscallResult.Declined : Errno.EAGAIN, empty);
        Assert.Equal(6, _calls.CallAttended(SystemCall.Write, writer, ends.Value, 6).Value);
        Assert.Equal(6, _calls.CallAttended(SystemCall.Read, reader, ends.Value, 10).Value);
    }

    [KvmFact]
    public void A_pipe_takes_a_write_whole_or_leaves_it_to_the_thread()
    {
        const int chunk = 4096;
        GuestVirtualAddress memory = _calls.Map(3);
        Assert.Equal(0, _calls.Call(SystemCall.Pipe2, memory.Value, 0).Value);
        ulong writer = (ulong)_calls.Get<int>(memory, 1);
        Assert.Equal(SyscallResult.Declined, _calls.CallAttended(SystemCall.Write, writer, memory.Value, 2 * chunk));
        int taken = 0;
        while (_calls.CallAttended(SystemCall.Write, writer, memory.Value, chunk) is { Value: chunk })
            taken++;
        Assert.InRange(taken, 1, 1024);
        Assert.Equal(SyscallResult.Declined, _calls.CallAttended(SystemCall.Write, writer, memory.Value, chunk));
    }

    [KvmFact]
    public void A_broken_pipe_is_left_to_the_thread_for_its_signal()
    {
        GuestVirtualAddress ends = _calls.Map(1);
        Assert.Equal(0, _calls.Call(SystemCall.Pipe2, ends.Value, 0).Value);
        Assert.Equal(0, _calls.CallAttended(SystemCall.Close, (ulong)_calls.Get<int>(ends)).Value);
        Assert.Equal(SyscallResult.Declined, _calls.CallAttended(SystemCall.Write, (ulong)_calls.Get<int>(ends, 1), ends.Value, 1));
    }

    [KvmFact]
    public void A_directory_is_listed_and_a_file_is_not_read_as_one()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        GuestVirtualAddress buffer = _calls.Map(1);
        ulong folder = Open("", ReadOnly), file = Open("file", ReadOnly);
        Assert.True(_calls.CallAttended(SystemCall.Getdents64, folder, buffer.Value, 4096).Value > 0);
        Assert.Equal(SyscallResult.Declined, _calls.CallAttended(SystemCall.Getdents64, file, buffer.Value, 4096));
    }

    private int HostDescriptorOf(ulong descriptor)
    {
        using Linux.Files.FileLease file = _calls.Process.Files.Rent((int)descriptor);
        return file.Host;
    }

    private ulong Open(string name, ulong flags)
    {
        SyscallResult result = TryOpen(Path.Combine(_folder, name), flags);
        Assert.False(result.IsError || result == SyscallResult.Declined, result.ToString());
        return (ulong)result.Value;
    }

    private SyscallResult TryOpen(string path, ulong flags) =>
        _calls.CallAttended(SystemCall.Openat, Here, _calls.Put<byte>([.. Encoding.ASCII.GetBytes(path), 0]).Value, flags, 0x180);
}
