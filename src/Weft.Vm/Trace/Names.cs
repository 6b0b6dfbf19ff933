namespace Weft.Vm.Trace;

/// <summary>Flags and constants of x86-64 Linux by name. Source: the kernel's uapi headers named below.</summary>
internal static class Names
{
    private const ulong AllBits = ulong.MaxValue;

    // asm-generic/fcntl.h
    internal static readonly FlagNames Open = new(3, (0, "O_RDONLY"), (1, "O_WRONLY"), (2, "O_RDWR"), (0x410000, "O_TMPFILE"), (0x40, "O_CREAT"),
        (0x80, "O_EXCL"), (0x100, "O_NOCTTY"), (0x200, "O_TRUNC"), (0x400, "O_APPEND"), (0x800, "O_NONBLOCK"), (0x101000, "O_SYNC"),
        (0x1000, "O_DSYNC"), (0x4000, "O_DIRECT"), (0x10000, "O_DIRECTORY"), (0x20000, "O_NOFOLLOW"), (0x40000, "O_NOATIME"),
        (0x80000, "O_CLOEXEC"), (0x200000, "O_PATH"));
    internal static readonly FlagNames PipeFlags = new(0, (0x80000, "O_CLOEXEC"), (0x800, "O_NONBLOCK"), (0x4000, "O_DIRECT"));
    internal static readonly FlagNames Fcntl = new(AllBits, (0, "F_DUPFD"), (1, "F_GETFD"), (2, "F_SETFD"), (3, "F_GETFL"), (4, "F_SETFL"),
        (5, "F_GETLK"), (6, "F_SETLK"), (7, "F_SETLKW"), (8, "F_SETOWN"), (9, "F_GETOWN"), (36, "F_OFD_GETLK"), (37, "F_OFD_SETLK"),
        (38, "F_OFD_SETLKW"), (1024, "F_SETLEASE"), (1025, "F_GETLEASE"), (1030, "F_DUPFD_CLOEXEC"), (1031, "F_SETPIPE_SZ"),
        (1032, "F_GETPIPE_SZ"), (1033, "F_ADD_SEALS"), (1034, "F_GET_SEALS"));
    internal static readonly FlagNames At = new(0, (0x100, "AT_SYMLINK_NOFOLLOW"), (0x200, "AT_REMOVEDIR"), (0x400, "AT_SYMLINK_FOLLOW"),
        (0x800, "AT_NO_AUTOMOUNT"), (0x1000, "AT_EMPTY_PATH"), (0x2000, "AT_STATX_FORCE_SYNC"), (0x4000, "AT_STATX_DONT_SYNC"));
    internal static readonly FlagNames Access = new(0, (0, "F_OK"), (4, "R_OK"), (2, "W_OK"), (1, "X_OK"));
    internal static readonly FlagNames Whence = new(AllBits, (0, "SEEK_SET"), (1, "SEEK_CUR"), (2, "SEEK_END"), (3, "SEEK_DATA"), (4, "SEEK_HOLE"));

    // asm-generic/mman-common.h, mman.h
    internal static readonly FlagNames Protection = new(0, (0, "PROT_NONE"), (1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC"),
        (0x01000000, "PROT_GROWSDOWN"), (0x02000000, "PROT_GROWSUP"));
    internal static readonly FlagNames Map = new(0xf, (1, "MAP_SHARED"), (2, "MAP_PRIVATE"), (3, "MAP_SHARED_VALIDATE"), (0x10, "MAP_FIXED"),
        (0x20, "MAP_ANONYMOUS"), (0x40, "MAP_32BIT"), (0x100, "MAP_GROWSDOWN"), (0x800, "MAP_DENYWRITE"), (0x2000, "MAP_LOCKED"),
        (0x4000, "MAP_NORESERVE"), (0x8000, "MAP_POPULATE"), (0x10000, "MAP_NONBLOCK"), (0x20000, "MAP_STACK"), (0x40000, "MAP_HUGETLB"),
        (0x100000, "MAP_FIXED_NOREPLACE"));
    internal static readonly FlagNames Remap = new(0, (1, "MREMAP_MAYMOVE"), (2, "MREMAP_FIXED"), (4, "MREMAP_DONTUNMAP"));
    internal static readonly FlagNames Sync = new(0, (1, "MS_ASYNC"), (2, "MS_INVALIDATE"), (4, "MS_SYNC"));
    internal static readonly FlagNames Advice = new(AllBits, (0, "MADV_NORMAL"), (1, "MADV_RANDOM"), (2, "MADV_SEQUENTIAL"), (3, "MADV_WILLNEED"),
        (4, "MADV_DONTNEED"), (8, "MADV_FREE"), (9, "MADV_REMOVE"), (10, "MADV_DONTFORK"), (11, "MADV_DOFORK"), (14, "MADV_HUGEPAGE"),
        (15, "MADV_NOHUGEPAGE"), (16, "MADV_DONTDUMP"), (17, "MADV_DODUMP"), (18, "MADV_WIPEONFORK"), (20, "MADV_COLD"), (21, "MADV_PAGEOUT"),
        (22, "MADV_POPULATE_READ"), (23, "MADV_POPULATE_WRITE"), (25, "MADV_COLLAPSE"), (102, "MADV_GUARD_INSTALL"), (103, "MADV_GUARD_REMOVE"));
    internal static readonly FlagNames MemFd = new(0, (1, "MFD_CLOEXEC"), (2, "MFD_ALLOW_SEALING"), (4, "MFD_HUGETLB"), (8, "MFD_NOEXEC_SEAL"), (16, "MFD_EXEC"));

    // linux/sched.h; the low byte is the signal of the child's end.
    internal static readonly FlagNames Clone = new(0xff, (17, "SIGCHLD"), (0x100, "CLONE_VM"), (0x200, "CLONE_FS"), (0x400, "CLONE_FILES"),
        (0x800, "CLONE_SIGHAND"), (0x1000, "CLONE_PIDFD"), (0x2000, "CLONE_PTRACE"), (0x4000, "CLONE_VFORK"), (0x8000, "CLONE_PARENT"),
        (0x10000, "CLONE_THREAD"), (0x20000, "CLONE_NEWNS"), (0x40000, "CLONE_SYSVSEM"), (0x80000, "CLONE_SETTLS"),
        (0x100000, "CLONE_PARENT_SETTID"), (0x200000, "CLONE_CHILD_CLEARTID"), (0x400000, "CLONE_DETACHED"), (0x1000000, "CLONE_CHILD_SETTID"),
        (0x10000000, "CLONE_NEWUSER"), (0x20000000, "CLONE_NEWPID"), (0x40000000, "CLONE_NEWNET"));

    // linux/futex.h
    internal static readonly FlagNames Futex = new(0x7f, (0, "FUTEX_WAIT"), (1, "FUTEX_WAKE"), (3, "FUTEX_REQUEUE"), (4, "FUTEX_CMP_REQUEUE"),
        (5, "FUTEX_WAKE_OP"), (6, "FUTEX_LOCK_PI"), (7, "FUTEX_UNLOCK_PI"), (8, "FUTEX_TRYLOCK_PI"), (9, "FUTEX_WAIT_BITSET"),
        (10, "FUTEX_WAKE_BITSET"), (11, "FUTEX_WAIT_REQUEUE_PI"), (12, "FUTEX_CMP_REQUEUE_PI"), (13, "FUTEX_LOCK_PI2"),
        (0x80, "FUTEX_PRIVATE_FLAG"), (0x100, "FUTEX_CLOCK_REALTIME"));

    // linux/socket.h, linux/net.h, linux/in.h
    internal static readonly FlagNames Domain = new(AllBits, (0, "AF_UNSPEC"), (1, "AF_UNIX"), (2, "AF_INET"), (10, "AF_INET6"), (16, "AF_NETLINK"),
        (17, "AF_PACKET"), (38, "AF_ALG"), (40, "AF_VSOCK"));
    internal static readonly FlagNames SocketType = new(0xf, (1, "SOCK_STREAM"), (2, "SOCK_DGRAM"), (3, "SOCK_RAW"), (4, "SOCK_RDM"),
        (5, "SOCK_SEQPACKET"), (0x800, "SOCK_NONBLOCK"), (0x80000, "SOCK_CLOEXEC"));
    internal static readonly FlagNames IpProtocol = new(AllBits, (0, "IPPROTO_IP"), (1, "IPPROTO_ICMP"), (6, "IPPROTO_TCP"), (17, "IPPROTO_UDP"),
        (41, "IPPROTO_IPV6"), (58, "IPPROTO_ICMPV6"));
    internal static readonly FlagNames OptionLevel = new(AllBits, (0, "SOL_IP"), (1, "SOL_SOCKET"), (6, "SOL_TCP"), (17, "SOL_UDP"), (41, "SOL_IPV6"),
        (270, "SOL_NETLINK"));
    internal static readonly FlagNames SocketOption = new(AllBits, (1, "SO_DEBUG"), (2, "SO_REUSEADDR"), (3, "SO_TYPE"), (4, "SO_ERROR"),
        (6, "SO_BROADCAST"), (7, "SO_SNDBUF"), (8, "SO_RCVBUF"), (9, "SO_KEEPALIVE"), (13, "SO_LINGER"), (15, "SO_REUSEPORT"), (16, "SO_PASSCRED"),
        (17, "SO_PEERCRED"), (20, "SO_RCVTIMEO"), (21, "SO_SNDTIMEO"), (30, "SO_ACCEPTCONN"), (38, "SO_PROTOCOL"), (39, "SO_DOMAIN"));
    internal static readonly FlagNames Message = new(0, (1, "MSG_OOB"), (2, "MSG_PEEK"), (4, "MSG_DONTROUTE"), (8, "MSG_CTRUNC"), (0x20, "MSG_TRUNC"),
        (0x40, "MSG_DONTWAIT"), (0x80, "MSG_EOR"), (0x100, "MSG_WAITALL"), (0x2000, "MSG_ERRQUEUE"), (0x4000, "MSG_NOSIGNAL"), (0x8000, "MSG_MORE"),
        (0x10000, "MSG_WAITFORONE"), (0x40000000, "MSG_CMSG_CLOEXEC"));
    internal static readonly FlagNames Shutdown = new(AllBits, (0, "SHUT_RD"), (1, "SHUT_WR"), (2, "SHUT_RDWR"));

    // asm/signal.h, asm-generic/signal-defs.h
    internal static readonly FlagNames MaskHow = new(AllBits, (0, "SIG_BLOCK"), (1, "SIG_UNBLOCK"), (2, "SIG_SETMASK"));
    internal static readonly FlagNames ActionFlags = new(0, (1, "SA_NOCLDSTOP"), (2, "SA_NOCLDWAIT"), (4, "SA_SIGINFO"), (0x04000000, "SA_RESTORER"),
        (0x08000000, "SA_ONSTACK"), (0x10000000, "SA_RESTART"), (0x40000000, "SA_NODEFER"), (0x80000000, "SA_RESETHAND"));

    // linux/time.h, linux/timerfd.h
    internal static readonly FlagNames Clock = new(AllBits, (0, "CLOCK_REALTIME"), (1, "CLOCK_MONOTONIC"), (2, "CLOCK_PROCESS_CPUTIME_ID"),
        (3, "CLOCK_THREAD_CPUTIME_ID"), (4, "CLOCK_MONOTONIC_RAW"), (5, "CLOCK_REALTIME_COARSE"), (6, "CLOCK_MONOTONIC_COARSE"), (7, "CLOCK_BOOTTIME"),
        (8, "CLOCK_REALTIME_ALARM"), (9, "CLOCK_BOOTTIME_ALARM"), (11, "CLOCK_TAI"));
    internal static readonly FlagNames TimerAbsolute = new(0, (1, "TIMER_ABSTIME"), (2, "TFD_TIMER_CANCEL_ON_SET"));

    // linux/eventpoll.h, linux/eventfd.h
    internal static readonly FlagNames PollOperation = new(AllBits, (1, "EPOLL_CTL_ADD"), (2, "EPOLL_CTL_DEL"), (3, "EPOLL_CTL_MOD"));
    internal static readonly FlagNames EventFlags = new(0, (1, "EFD_SEMAPHORE"), (0x800, "EFD_NONBLOCK"), (0x80000, "EFD_CLOEXEC"));
    internal static readonly FlagNames CloseOnExec = new(0, (0x80000, "CLOEXEC"), (0x800, "NONBLOCK"));
    internal static readonly FlagNames PollEvents = new(0, (1, "EPOLLIN"), (2, "EPOLLPRI"), (4, "EPOLLOUT"), (8, "EPOLLERR"), (0x10, "EPOLLHUP"),
        (0x2000, "EPOLLRDHUP"), (1u << 28, "EPOLLEXCLUSIVE"), (1u << 30, "EPOLLONESHOT"), (1u << 31, "EPOLLET"));

    // linux/prctl.h, asm/prctl.h, linux/resource.h, linux/membarrier.h, linux/random.h, asm-generic/ioctls.h
    internal static readonly FlagNames ProcessControl = new(AllBits, (1, "PR_SET_PDEATHSIG"), (2, "PR_GET_PDEATHSIG"), (3, "PR_GET_DUMPABLE"),
        (4, "PR_SET_DUMPABLE"), (15, "PR_SET_NAME"), (16, "PR_GET_NAME"), (21, "PR_GET_SECCOMP"), (22, "PR_SET_SECCOMP"), (23, "PR_CAPBSET_READ"),
        (29, "PR_SET_TIMERSLACK"), (30, "PR_GET_TIMERSLACK"), (36, "PR_SET_CHILD_SUBREAPER"), (38, "PR_SET_NO_NEW_PRIVS"), (39, "PR_GET_NO_NEW_PRIVS"),
        (41, "PR_SET_THP_DISABLE"), (42, "PR_GET_THP_DISABLE"), (47, "PR_CAP_AMBIENT"), (0x53564d41, "PR_SET_VMA"));
    internal static readonly FlagNames ArchControl = new(AllBits, (0x1001, "ARCH_SET_GS"), (0x1002, "ARCH_SET_FS"), (0x1003, "ARCH_GET_FS"),
        (0x1004, "ARCH_GET_GS"), (0x1011, "ARCH_GET_CPUID"), (0x1012, "ARCH_SET_CPUID"), (0x3001, "ARCH_CET_STATUS"), (0x5001, "ARCH_SHSTK_ENABLE"));
    internal static readonly FlagNames Resource = new(AllBits, (0, "RLIMIT_CPU"), (1, "RLIMIT_FSIZE"), (2, "RLIMIT_DATA"), (3, "RLIMIT_STACK"),
        (4, "RLIMIT_CORE"), (5, "RLIMIT_RSS"), (6, "RLIMIT_NPROC"), (7, "RLIMIT_NOFILE"), (8, "RLIMIT_MEMLOCK"), (9, "RLIMIT_AS"), (10, "RLIMIT_LOCKS"),
        (11, "RLIMIT_SIGPENDING"), (12, "RLIMIT_MSGQUEUE"), (13, "RLIMIT_NICE"), (14, "RLIMIT_RTPRIO"), (15, "RLIMIT_RTTIME"));
    internal static readonly FlagNames Barrier = new(AllBits, (0, "MEMBARRIER_CMD_QUERY"), (1, "MEMBARRIER_CMD_GLOBAL"),
        (2, "MEMBARRIER_CMD_GLOBAL_EXPEDITED"), (4, "MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED"), (8, "MEMBARRIER_CMD_PRIVATE_EXPEDITED"),
        (16, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED"), (32, "MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE"),
        (64, "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE"));
    internal static readonly FlagNames Random = new(0, (1, "GRND_NONBLOCK"), (2, "GRND_RANDOM"), (4, "GRND_INSECURE"));
    internal static readonly FlagNames Ioctl = new(AllBits, (0x5401, "TCGETS"), (0x5402, "TCSETS"), (0x5403, "TCSETSW"), (0x5404, "TCSETSF"),
        (0x540b, "TCFLSH"), (0x540e, "TIOCSCTTY"), (0x540f, "TIOCGPGRP"), (0x5410, "TIOCSPGRP"), (0x5413, "TIOCGWINSZ"), (0x5414, "TIOCSWINSZ"),
        (0x541b, "FIONREAD"), (0x5421, "FIONBIO"), (0x5450, "FIONCLEX"), (0x5451, "FIOCLEX"), (0x5452, "FIOASYNC"), (0x802c542a, "TCGETS2"),
        (0x40049409, "FICLONE"), (0x8910, "SIOCGIFNAME"), (0x8912, "SIOCGIFCONF"), (0x8927, "SIOCGIFHWADDR"), (0x8933, "SIOCGIFINDEX"));
}
