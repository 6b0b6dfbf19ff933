using System.Diagnostics;
using Weft.Linux;
using Weft.Linux.Signals;
using Weft.Native;
using Weft.Vm.Trace;

namespace Weft.Vm.Tests;

public sealed class TraceFormatterTests
{
    private readonly FakeMemory _memory = new();

    [Fact]
    public void Paths_flags_and_modes_are_named() =>
        AssertLine("openat(AT_FDCWD, \"/etc/h\\303\\244\", O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644) = 3",
            SystemCall.Openat, 3, unchecked((ulong)-100), _memory.Put(0, "/etc/hä"), 0x80241, 0x1a4);

    [Fact]
    public void Errors_have_name_and_text() =>
        AssertLine("access(\"/x\", R_OK|W_OK) = -1 ENOENT (No such file or directory)", SystemCall.Access, -2, _memory.Put(0, "/x"), 6);

    [Fact]
    public void Written_buffers_are_shown_shortened() =>
        AssertLine("write(1, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"…, 40) = 40", SystemCall.Write, 40, 1, _memory.Put(0, new string('a', 40)), 40);

    [Fact]
    public void Read_buffers_are_shown_as_far_as_they_were_filled()
    {
        ulong buffer = _memory.Put(0, "a\tb\u00017"u8);
        AssertLine("read(0, \"a\\tb\\0017\", 4096) = 5", SystemCall.Read, 5, 0, buffer, 4096);
        AssertLine("read(0, 0x10000, 4096) = -1 EAGAIN (Resource temporarily unavailable)", SystemCall.Read, -11, 0, buffer, 4096);
    }

    [Fact]
    public void Memory_calls_name_protection_and_flags()
    {
        AssertLine("mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0x0) = 0x7f0000000000",
            SystemCall.Mmap, 0x7f0000000000, 0, 8192, 3, 0x22, ulong.MaxValue, 0);
        AssertLine("mprotect(0x1000, 4096, PROT_NONE) = 0", SystemCall.Mprotect, 0, 0x1000, 4096, 0);
        AssertLine("madvise(0x1000, 4096, MADV_DONTNEED) = 0", SystemCall.Madvise, 0, 0x1000, 4096, 4);
    }

    [Fact]
    public void Threads_and_futexes_are_named()
    {
        AssertLine("futex(0x20, FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME, 2, NULL, NULL, 4294967295) = 0",
            SystemCall.Futex, 0, 0x20, 0x189, 2, 0, 0, 0xffffffff);
        AssertLine("clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM, stack=0x5000, stack_size=0x1000, tls=0x77}, 88) = 12",
            SystemCall.Clone3, 12, _memory.Put(0, 0x50f00, 0, 0, 0, 0, 0x5000, 0x1000, 0x77), 88);
    }

    [Fact]
    public void Sockets_show_families_and_addresses()
    {
        AssertLine("socket(AF_INET, SOCK_STREAM|SOCK_NONBLOCK|SOCK_CLOEXEC, IPPROTO_TCP) = 4", SystemCall.Socket, 4, 2, 0x80801, 6);
        AssertLine("connect(4, {sa_family=AF_INET, 127.0.0.1:8080}, 16) = 0", SystemCall.Connect, 0, 4, _memory.Put(0, [2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]), 16);
        AssertLine("bind(4, {sa_family=AF_UNIX, sun_path=@\"x\"}, 4) = 0", SystemCall.Bind, 0, 4, _memory.Put(0, [1, 0, 0, (byte)'x']), 4);
        AssertLine("setsockopt(4, SOL_SOCKET, SO_REUSEADDR, 0x10000, 4) = 0", SystemCall.Setsockopt, 0, 4, 1, 2, 0x10000, 4);
    }

    [Fact]
    public void Signal_actions_and_sets_are_named()
    {
        AssertLine("rt_sigaction(SIGINT, {sa_handler=0x1234, sa_mask=[INT TERM], sa_flags=SA_RESTORER|SA_RESTART}, NULL, 8) = 0",
            SystemCall.RtSigaction, 0, 2, _memory.Put(0, 0x1234, 0x14000000, 0, 0x4002), 0, 8);
        AssertLine("rt_sigprocmask(SIG_BLOCK, ~[RT_0 RT_1], NULL, 8) = 0", SystemCall.RtSigprocmask, 0, 0, _memory.Put(64, ~0x180000000UL), 0, 8);
    }

    [Fact]
    public void Vectors_show_their_parts()
    {
        ulong text = _memory.Put(512, "hello");
        AssertLine("writev(1, [{iov_base=\"he\", iov_len=2}, {iov_base=\"llo\", iov_len=3}], 2) = 5",
            SystemCall.Writev, 5, 1, _memory.Put(0, text, 2, text + 2, 3), 2);
    }

    [Fact]
    public void Addresses_that_are_not_there_are_printed_as_they_are()
    {
        AssertLine("openat(3, 0xdead0000, O_RDONLY, 00) = -1 EFAULT (Bad address)", SystemCall.Openat, -14, 3, 0xdead0000, 0, 0);
        AssertLine("connect(4, 0xdead0000, 16) = -1 EFAULT (Bad address)", SystemCall.Connect, -14, 4, 0xdead0000, 16);
        _memory.Put(4090, "abcdef"u8);
        AssertLine("chdir(\"abcdef\"…) = -1 EFAULT (Bad address)", SystemCall.Chdir, -14, FakeMemory.Base + 4090);
    }

    [Fact]
    public void Unknown_calls_show_their_registers() =>
        AssertLine("syscall_9999(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)", (SystemCall)9999, -38, 1, 2, 3, 4, 5, 6);

    [Fact]
    public void Ways_and_times_stand_behind_the_result()
    {
        long microsecond = Stopwatch.Frequency / 1_000_000;
        string exit = TraceFormatter.Call(7, 39, default, 7, new CallTimes(CallWays.None, microsecond, 12 * microsecond, 8 * microsecond), _memory);
        Assert.Equal("[7] getpid() = 7 <exit 1.0us, handler 12.0us, host 8.0us>", exit);
        string attended = TraceFormatter.Call(7, 39, default, 7, new CallTimes(CallWays.Attendant, 0, 20_000 * microsecond, 0), _memory);
        Assert.Equal("[7] getpid() = 7 <attendant, handler 20.0ms, host 0.0us>", attended);
    }

    [Fact]
    public void Signals_and_ends_have_lines_of_their_own()
    {
        Assert.Equal("[7] --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x8} ---",
            TraceFormatter.Signal(7, SignalInfo.ForFault(SignalNumber.SIGSEGV, SignalCode.NotMapped, 8)));
        Assert.Equal("[7] --- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=12, si_uid=1000} ---",
            TraceFormatter.Signal(7, SignalInfo.FromProcess(SignalNumber.SIGUSR1, SignalCode.User, 12, 1000)));
        Assert.Equal("[7] +++ exited with 3 +++", TraceFormatter.End(7, 3, 0));
        Assert.Equal("[7] +++ exited with 139 +++", TraceFormatter.End(7, 139, 0));
        Assert.Equal("[7] +++ killed by SIGSEGV +++", TraceFormatter.End(7, 139, 11));
        Assert.Equal("[7] exit_group(3) = ?", TraceFormatter.OpenCall(7, (ulong)SystemCall.ExitGroup, new(3, 0, 0, 0, 0, 0), _memory));
        Assert.Equal("[7] pause() = ? <unfinished>", TraceFormatter.OpenCall(7, (ulong)SystemCall.Pause, default, _memory));
    }

    [Fact]
    public void No_call_with_random_arguments_makes_the_formatter_fail()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        ulong Word() => random.Next(4) switch
        {
            0 => FakeMemory.Base + (ulong)random.Next(4096),
            1 => (ulong)random.Next(64),
            2 => (ulong)random.NextInt64(),
            _ => ulong.MaxValue - (ulong)random.Next(4096),
        };
        for (int round = 0; round < 20_000; round++)
        {
            byte[] noise = new byte[256];
            random.NextBytes(noise);
            _memory.Put(random.Next(3800), noise);
            ulong number = (ulong)random.Next(520);
            SyscallArguments arguments = new(Word(), Word(), Word(), Word(), Word(), Word());
            string line = TraceFormatter.Call(1, number, arguments, random.NextInt64(-100, 5000), default, _memory);
            Assert.False(line.Contains('\n') || line.Contains('\0'), $"seed {seed}: {line}");
        }
    }

    private void AssertLine(string expected, SystemCall call, long result, params ulong[] words)
    {
        Array.Resize(ref words, 6);
        SyscallArguments arguments = new(words[0], words[1], words[2], words[3], words[4], words[5]);
        string line = TraceFormatter.Call(7, (ulong)call, arguments, result, default, _memory);
        Assert.Equal("[7] " + expected + " <exit 0.0us, handler 0.0us, host 0.0us>", line);
    }
}
