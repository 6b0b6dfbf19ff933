using System.Diagnostics;
using Weft.Tests;

namespace Weft.Native.Tests;

public class HostStubsTests
{
    private const int PageSize = 4096;

    [Fact]
    public void The_code_is_what_its_source_assembles_to()
    {
        byte[]? assembled = Assembler.TryAssemble("src/Weft.Native/HostStubs.s");
        if (assembled is null)
            return; // no binutils here; CI has them
        Assert.Equal(HostStubs.Code.ToArray(), assembled.AsSpan(0, HostStubs.Code.Length).ToArray());
        Assert.DoesNotContain(assembled.AsSpan(HostStubs.Code.Length, PageSize - HostStubs.Code.Length).ToArray(), value => value != 0);
    }

    [Fact]
    public void A_raw_call_returns_the_kernels_value_or_minus_errno()
    {
        Assert.Equal(Environment.ProcessId, HostStubs.Call(SystemCall.Getpid));
        Assert.Equal(-(long)Errno.EBADF, HostStubs.CallQuick(SystemCall.Close, -1));
    }

    [Fact]
    public void Copies_into_and_out_of_good_memory_are_whole()
    {
        using NativeBuffer buffer = new(2 * PageSize);
        byte[] data = new byte[PageSize + 100];
        new Random(1).NextBytes(data);
        Assert.True(HostStubs.TryWrite(buffer.Address + 50, data));
        byte[] back = new byte[data.Length];
        Assert.True(HostStubs.TryRead(buffer.Address + 50, back));
        Assert.Equal(data, back);
    }

    [Fact]
    public void A_copy_that_meets_a_hole_says_how_much_is_missing()
    {
        using NativeBuffer buffer = new(2 * PageSize);
        const int none = 0;
        HostStubs.Call(SystemCall.Mprotect, (long)buffer.Address.Value + PageSize, PageSize, none);
        using NativeBuffer source = new(PageSize);
        Assert.Equal(60UL, HostStubs.TryCopy(buffer.Address + (PageSize - 40), source.Address, 100));
        Assert.Equal(100UL, HostStubs.TryCopy(source.Address, buffer.Address + PageSize, 100));
        Assert.Equal(8UL, HostStubs.TryZero(buffer.Address + (PageSize - 8), 16));
        Assert.Equal(-1, HostStubs.TryCompareExchange(buffer.Address + PageSize, 0, 1));
    }

    [Fact]
    public void Reading_a_mapped_file_beyond_its_end_fails_instead_of_ending_the_process()
    {
        using FileStream file = new(Path.GetTempFileName(), FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        file.SetLength(10);
        const int readWrite = 3, shared = 1;
        long address = HostStubs.Call(SystemCall.Mmap, 0, 2 * PageSize, readWrite, shared, file.SafeFileHandle.DangerousGetHandle(), 0);
        Assert.True(HostStubs.TryRead(new HostAddress((ulong)address), new byte[10]));
        Assert.False(HostStubs.TryRead(new HostAddress((ulong)address + PageSize), new byte[1]));
        HostStubs.Call(SystemCall.Munmap, address, 2 * PageSize);
    }

    [Fact]
    public void Compare_and_exchange_tells_the_old_value()
    {
        using NativeBuffer buffer = new(PageSize);
        Assert.Equal(0, HostStubs.TryCompareExchange(buffer.Address, 0, 7));
        Assert.Equal(7, HostStubs.TryCompareExchange(buffer.Address, 0, 9));
        Assert.Equal(7, BitConverter.ToInt32(buffer.Span));
    }

    [Fact]
    public void Compare_and_exchange_of_eight_bytes_tells_the_old_value_and_survives_a_hole()
    {
        using NativeBuffer buffer = new(2 * PageSize);
        Assert.True(HostStubs.TryCompareExchange(buffer.Address, 0, 0x1_0000_0002UL, out ulong old));
        Assert.Equal(0UL, old);
        Assert.True(HostStubs.TryCompareExchange(buffer.Address, 0, 5UL, out old));
        Assert.Equal(0x1_0000_0002UL, old);
        Assert.Equal(0x1_0000_0002UL, BitConverter.ToUInt64(buffer.Span));
        const int none = 0;
        HostStubs.Call(SystemCall.Mprotect, (long)buffer.Address.Value + PageSize, PageSize, none);
        Assert.False(HostStubs.TryCompareExchange(buffer.Address + PageSize, 0, 1UL, out _));
    }

    [Fact]
    public void A_pending_word_ends_an_interruptible_call_before_it_blocks()
    {
        using NativeBuffer buffer = new(PageSize);
        buffer.Span[0] = 1;
        Assert.Equal(-(long)Errno.EINTR, HostStubs.CallInterruptible((nint)buffer.Address.Value, SystemCall.Pause));
    }

    [Fact]
    public void No_kick_is_lost_whenever_it_comes()
    {
        const int rounds = 300;
        int seed = Environment.TickCount;
        Random random = new(seed);
        using NativeBuffer buffer = new(PageSize);
        int threadId = 0, entered = 0, left = 0;
        Thread sleeper = new(() =>
        {
            Volatile.Write(ref threadId, (int)HostStubs.CallQuick(SystemCall.Gettid));
            for (int round = 1; round <= rounds; round++)
            {
                Volatile.Write(ref entered, round);
                Assert.Equal(-(long)Errno.EINTR, HostStubs.CallInterruptible((nint)buffer.Address.Value, SystemCall.Pause));
                buffer.Span[0] = 0;
                Volatile.Write(ref left, round);
            }
        });
        sleeper.Start();
        Stopwatch limit = Stopwatch.StartNew();
        for (int round = 1; round <= rounds; round++)
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref entered) == round);
            Thread.SpinWait(random.Next(2000));
            buffer.Span[0] = 1;
            HostStubs.KickThread(Environment.ProcessId, threadId);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref left) == round, TimeSpan.FromSeconds(20)), $"kick {round} was lost; seed {seed}, after {limit.Elapsed}");
        }
        sleeper.Join();
    }

    [Fact]
    public void Errors_have_the_kernels_numbers()
    {
        Assert.Equal(1, (int)Errno.EPERM);
        Assert.Equal(38, (int)Errno.ENOSYS);
        Assert.Equal("openat", SystemCallNames.Of((ulong)SystemCall.Openat));
        Assert.Equal("syscall_9999", SystemCallNames.Of(9999));
    }
}
