using Weft.Linux;
using Weft.Native;

namespace Weft.Vm.Trace;

/// <summary>How each system call's arguments are written: the kinds of <see cref="ArgumentFormats"/>, in order. Calls that are not here print hex.</summary>
internal static class CallFormats
{
    private static readonly Dictionary<int, Action<TracedCall, int>[]> Formats = Parse();
    private static readonly Dictionary<int, int> Counts = CountArguments();

    /// <summary>The writers of a call's arguments.</summary>
    internal static Action<TracedCall, int>[] Of(ulong number)
    {
        if (number <= int.MaxValue && Formats.TryGetValue((int)number, out Action<TracedCall, int>[]? known))
            return known;
        const int mostArguments = 6;
        int count = number <= int.MaxValue && Counts.TryGetValue((int)number, out int handled) ? handled : mostArguments;
        Action<TracedCall, int>[] plain = new Action<TracedCall, int>[count];
        Array.Fill(plain, ArgumentFormats.Of("hex"));
        return plain;
    }

    /// <summary>Calls whose result is an address.</summary>
    internal static bool ReturnsAddress(ulong number) =>
        (SystemCall)number is SystemCall.Mmap or SystemCall.Brk or SystemCall.Mremap or SystemCall.Shmat;

    /// <summary>Calls that don't return to the program when they succeed.</summary>
    internal static bool NeverReturns(ulong number) =>
        (SystemCall)number is SystemCall.Exit or SystemCall.ExitGroup or SystemCall.RtSigreturn;

    private static Dictionary<int, Action<TracedCall, int>[]> Parse()
    {
        Dictionary<string, int> numbers = [];
        for (int number = 0; number < SystemCallNames.Count; number++)
            if (SystemCallNames.Exists(number))
                numbers[SystemCallNames.Of((ulong)number)] = number;
        Dictionary<int, Action<TracedCall, int>[]> formats = [];
        foreach (string line in Table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            formats[numbers[words[0].TrimEnd(':')]] = [.. words.Skip(1).Select(ArgumentFormats.Of)];
        }
        return formats;
    }

    private static Dictionary<int, int> CountArguments()
    {
        Dictionary<int, int> counts = [];
        foreach (SystemCallInfo info in SystemCallTable.Infos)
            counts[info.Number] = info.ArgumentCount;
        return counts;
    }

    private const string Table = """
        read: fd out size
        write: fd in size
        open: path open mode
        close: fd
        stat: path ptr
        fstat: fd ptr
        lstat: path ptr
        poll: ptr uint int
        lseek: fd long whence
        mmap: ptr size prot map fd hex
        mprotect: ptr size prot
        munmap: ptr size
        brk: ptr
        rt_sigaction: sig sigaction ptr size
        rt_sigprocmask: how sigset ptr size
        rt_sigreturn:
        ioctl: fd ioctl ptr
        pread64: fd out size long
        pwrite64: fd in size long
        readv: fd iovout int
        writev: fd iov int
        access: path access
        pipe: pair
        select: int ptr ptr ptr ptr
        sched_yield:
        mremap: ptr size size remap ptr
        msync: ptr size msync
        mincore: ptr size ptr
        madvise: ptr size advice
        dup: fd
        dup2: fd fd
        pause:
        nanosleep: time ptr
        getpid:
        sendfile: fd fd ptr size
        socket: domain socktype protocol
        connect: fd sockaddr int
        accept: fd sockaddrout ptr
        sendto: fd in size msg sockaddr int
        recvfrom: fd out size msg sockaddrout ptr
        sendmsg: fd ptr msg
        recvmsg: fd ptr msg
        shutdown: fd shut
        bind: fd sockaddr int
        listen: fd int
        getsockname: fd sockaddrout ptr
        getpeername: fd sockaddrout ptr
        socketpair: domain socktype int pair
        setsockopt: fd level sockopt ptr uint
        getsockopt: fd level sockopt ptr ptr
        clone: clone ptr ptr ptr ptr
        fork:
        vfork:
        execve: path ptr ptr
        exit: int
        wait4: int ptr hex ptr
        kill: int sig
        uname: ptr
        fcntl: fd fcntl hex
        flock: fd int
        fsync: fd
        fdatasync: fd
        truncate: path long
        ftruncate: fd long
        getdents: fd ptr size
        getcwd: outpath size
        chdir: path
        fchdir: fd
        rename: path path
        mkdir: path mode
        rmdir: path
        creat: path mode
        link: path path
        unlink: path
        symlink: path path
        readlink: path out size
        chmod: path mode
        fchmod: fd mode
        chown: path int int
        fchown: fd int int
        lchown: path int int
        umask: mode
        gettimeofday: ptr ptr
        getrlimit: resource ptr
        getrusage: int ptr
        sysinfo: ptr
        times: ptr
        getuid:
        getgid:
        geteuid:
        getegid:
        getppid:
        getpgrp:
        setsid:
        getpgid: int
        getsid: int
        setpgid: int int
        rt_sigpending: sigset size
        rt_sigtimedwait: sigset ptr time size
        rt_sigqueueinfo: int sig ptr
        rt_sigsuspend: sigset size
        sigaltstack: ptr ptr
        statfs: path ptr
        fstatfs: fd ptr
        sched_setscheduler: int int ptr
        sched_getscheduler: int
        mlock: ptr size
        munlock: ptr size
        mlockall: hex
        munlockall:
        prctl: prctl hex hex hex hex
        arch_prctl: arch ptr
        setrlimit: resource ptr
        gettid:
        readahead: fd long size
        tkill: int sig
        time: ptr
        futex: ptr futex uint ptr ptr uint
        sched_setaffinity: int size ptr
        sched_getaffinity: int size ptr
        epoll_create: int
        getdents64: fd ptr size
        set_tid_address: ptr
        restart_syscall:
        fadvise64: fd long size int
        timer_create: clock ptr ptr
        timer_settime: int timerflags ptr ptr
        timer_gettime: int ptr
        timer_getoverrun: int
        timer_delete: int
        clock_settime: clock time
        clock_gettime: clock outtime
        clock_getres: clock outtime
        clock_nanosleep: clock timerflags time ptr
        exit_group: int
        epoll_wait: fd ptr int int
        epoll_ctl: fd epollop fd event
        tgkill: int int sig
        utimes: path ptr
        waitid: int int ptr hex ptr
        inotify_init:
        inotify_add_watch: fd path hex
        inotify_rm_watch: fd int
        openat: dir path open mode
        mkdirat: dir path mode
        mknodat: dir path mode hex
        fchownat: dir path int int at
        newfstatat: dir path ptr at
        unlinkat: dir path at
        renameat: dir path dir path
        linkat: dir path dir path at
        symlinkat: path dir path
        readlinkat: dir path out size
        fchmodat: dir path mode
        faccessat: dir path access
        pselect6: int ptr ptr ptr time ptr
        ppoll: ptr uint time sigset size
        set_robust_list: ptr size
        get_robust_list: int ptr ptr
        splice: fd ptr fd ptr size hex
        tee: fd fd size hex
        sync_file_range: fd long long hex
        utimensat: dir path ptr at
        epoll_pwait: fd ptr int int sigset size
        signalfd: fd sigset size
        timerfd_create: clock cloexec
        eventfd: uint
        fallocate: fd hex long long
        timerfd_settime: fd timerflags ptr ptr
        timerfd_gettime: fd ptr
        accept4: fd sockaddrout ptr socktype
        signalfd4: fd sigset size cloexec
        eventfd2: uint eventflags
        epoll_create1: cloexec
        dup3: fd fd open
        pipe2: pair pipeflags
        inotify_init1: cloexec
        preadv: fd iovout int long hex
        pwritev: fd iov int long hex
        rt_tgsigqueueinfo: int int sig ptr
        recvmmsg: fd ptr uint msg time
        prlimit64: int resource ptr ptr
        sendmmsg: fd ptr uint msg
        getcpu: ptr ptr ptr
        process_vm_readv: int ptr uint ptr uint hex
        process_vm_writev: int ptr uint ptr uint hex
        sched_setattr: int ptr hex
        sched_getattr: int ptr uint hex
        renameat2: dir path dir path hex
        getrandom: out size random
        memfd_create: path memfd
        membarrier: membarrier hex int
        mlock2: ptr size hex
        copy_file_range: fd ptr fd ptr size hex
        preadv2: fd iovout int long hex hex
        pwritev2: fd iov int long hex hex
        statx: dir path at hex ptr
        rseq: ptr uint hex hex
        io_uring_setup: uint ptr
        close_range: uint uint hex
        clone3: clonebody size
        openat2: dir path openhow size
        faccessat2: dir path access at
        epoll_pwait2: fd ptr int time sigset size
        """;
}
