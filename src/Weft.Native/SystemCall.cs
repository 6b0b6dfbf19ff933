namespace Weft.Native;

/// <summary>System call numbers of x86-64 Linux. Source: asm/unistd_64.h; names are the kernel's in Pascal case.</summary>
public enum SystemCall
{
    /// <summary>read(2).</summary>
    Read = 0,

    /// <summary>write(2).</summary>
    Write = 1,

    /// <summary>open(2).</summary>
    Open = 2,

    /// <summary>close(2).</summary>
    Close = 3,

    /// <summary>stat(2).</summary>
    Stat = 4,

    /// <summary>fstat(2).</summary>
    Fstat = 5,

    /// <summary>lstat(2).</summary>
    Lstat = 6,

    /// <summary>poll(2).</summary>
    Poll = 7,

    /// <summary>lseek(2).</summary>
    Lseek = 8,

    /// <summary>mmap(2).</summary>
    Mmap = 9,

    /// <summary>mprotect(2).</summary>
    Mprotect = 10,

    /// <summary>munmap(2).</summary>
    Munmap = 11,

    /// <summary>brk(2).</summary>
    Brk = 12,

    /// <summary>rt_sigaction(2).</summary>
    RtSigaction = 13,

    /// <summary>rt_sigprocmask(2).</summary>
    RtSigprocmask = 14,

    /// <summary>rt_sigreturn(2).</summary>
    RtSigreturn = 15,

    /// <summary>ioctl(2).</summary>
    Ioctl = 16,

    /// <summary>pread64(2).</summary>
    Pread64 = 17,

    /// <summary>pwrite64(2).</summary>
    Pwrite64 = 18,

    /// <summary>readv(2).</summary>
    Readv = 19,

    /// <summary>writev(2).</summary>
    Writev = 20,

    /// <summary>access(2).</summary>
    Access = 21,

    /// <summary>pipe(2).</summary>
    Pipe = 22,

    /// <summary>select(2).</summary>
    Select = 23,

    /// <summary>sched_yield(2).</summary>
    SchedYield = 24,

    /// <summary>mremap(2).</summary>
    Mremap = 25,

    /// <summary>msync(2).</summary>
    Msync = 26,

    /// <summary>mincore(2).</summary>
    Mincore = 27,

    /// <summary>madvise(2).</summary>
    Madvise = 28,

    /// <summary>shmget(2).</summary>
    Shmget = 29,

    /// <summary>shmat(2).</summary>
    Shmat = 30,

    /// <summary>shmctl(2).</summary>
    Shmctl = 31,

    /// <summary>dup(2).</summary>
    Dup = 32,

    /// <summary>dup2(2).</summary>
    Dup2 = 33,

    /// <summary>pause(2).</summary>
    Pause = 34,

    /// <summary>nanosleep(2).</summary>
    Nanosleep = 35,

    /// <summary>getitimer(2).</summary>
    Getitimer = 36,

    /// <summary>alarm(2).</summary>
    Alarm = 37,

    /// <summary>setitimer(2).</summary>
    Setitimer = 38,

    /// <summary>getpid(2).</summary>
    Getpid = 39,

    /// <summary>sendfile(2).</summary>
    Sendfile = 40,

    /// <summary>socket(2).</summary>
    Socket = 41,

    /// <summary>connect(2).</summary>
    Connect = 42,

    /// <summary>accept(2).</summary>
    Accept = 43,

    /// <summary>sendto(2).</summary>
    Sendto = 44,

    /// <summary>recvfrom(2).</summary>
    Recvfrom = 45,

    /// <summary>sendmsg(2).</summary>
    Sendmsg = 46,

    /// <summary>recvmsg(2).</summary>
    Recvmsg = 47,

    /// <summary>shutdown(2).</summary>
    Shutdown = 48,

    /// <summary>bind(2).</summary>
    Bind = 49,

    /// <summary>listen(2).</summary>
    Listen = 50,

    /// <summary>getsockname(2).</summary>
    Getsockname = 51,

    /// <summary>getpeername(2).</summary>
    Getpeername = 52,

    /// <summary>socketpair(2).</summary>
    Socketpair = 53,

    /// <summary>setsockopt(2).</summary>
    Setsockopt = 54,

    /// <summary>getsockopt(2).</summary>
    Getsockopt = 55,

    /// <summary>clone(2).</summary>
    Clone = 56,

    /// <summary>fork(2).</summary>
    Fork = 57,

    /// <summary>vfork(2).</summary>
    Vfork = 58,

    /// <summary>execve(2).</summary>
    Execve = 59,

    /// <summary>exit(2).</summary>
    Exit = 60,

    /// <summary>wait4(2).</summary>
    Wait4 = 61,

    /// <summary>kill(2).</summary>
    Kill = 62,

    /// <summary>uname(2).</summary>
    Uname = 63,

    /// <summary>semget(2).</summary>
    Semget = 64,

    /// <summary>semop(2).</summary>
    Semop = 65,

    /// <summary>semctl(2).</summary>
    Semctl = 66,

    /// <summary>shmdt(2).</summary>
    Shmdt = 67,

    /// <summary>msgget(2).</summary>
    Msgget = 68,

    /// <summary>msgsnd(2).</summary>
    Msgsnd = 69,

    /// <summary>msgrcv(2).</summary>
    Msgrcv = 70,

    /// <summary>msgctl(2).</summary>
    Msgctl = 71,

    /// <summary>fcntl(2).</summary>
    Fcntl = 72,

    /// <summary>flock(2).</summary>
    Flock = 73,

    /// <summary>fsync(2).</summary>
    Fsync = 74,

    /// <summary>fdatasync(2).</summary>
    Fdatasync = 75,

    /// <summary>truncate(2).</summary>
    Truncate = 76,

    /// <summary>ftruncate(2).</summary>
    Ftruncate = 77,

    /// <summary>getdents(2).</summary>
    Getdents = 78,

    /// <summary>getcwd(2).</summary>
    Getcwd = 79,

    /// <summary>chdir(2).</summary>
    Chdir = 80,

    /// <summary>fchdir(2).</summary>
    Fchdir = 81,

    /// <summary>rename(2).</summary>
    Rename = 82,

    /// <summary>mkdir(2).</summary>
    Mkdir = 83,

    /// <summary>rmdir(2).</summary>
    Rmdir = 84,

    /// <summary>creat(2).</summary>
    Creat = 85,

    /// <summary>link(2).</summary>
    Link = 86,

    /// <summary>unlink(2).</summary>
    Unlink = 87,

    /// <summary>symlink(2).</summary>
    Symlink = 88,

    /// <summary>readlink(2).</summary>
    Readlink = 89,

    /// <summary>chmod(2).</summary>
    Chmod = 90,

    /// <summary>fchmod(2).</summary>
    Fchmod = 91,

    /// <summary>chown(2).</summary>
    Chown = 92,

    /// <summary>fchown(2).</summary>
    Fchown = 93,

    /// <summary>lchown(2).</summary>
    Lchown = 94,

    /// <summary>umask(2).</summary>
    Umask = 95,

    /// <summary>gettimeofday(2).</summary>
    Gettimeofday = 96,

    /// <summary>getrlimit(2).</summary>
    Getrlimit = 97,

    /// <summary>getrusage(2).</summary>
    Getrusage = 98,

    /// <summary>sysinfo(2).</summary>
    Sysinfo = 99,

    /// <summary>times(2).</summary>
    Times = 100,

    /// <summary>ptrace(2).</summary>
    Ptrace = 101,

    /// <summary>getuid(2).</summary>
    Getuid = 102,

    /// <summary>syslog(2).</summary>
    Syslog = 103,

    /// <summary>getgid(2).</summary>
    Getgid = 104,

    /// <summary>setuid(2).</summary>
    Setuid = 105,

    /// <summary>setgid(2).</summary>
    Setgid = 106,

    /// <summary>geteuid(2).</summary>
    Geteuid = 107,

    /// <summary>getegid(2).</summary>
    Getegid = 108,

    /// <summary>setpgid(2).</summary>
    Setpgid = 109,

    /// <summary>getppid(2).</summary>
    Getppid = 110,

    /// <summary>getpgrp(2).</summary>
    Getpgrp = 111,

    /// <summary>setsid(2).</summary>
    Setsid = 112,

    /// <summary>setreuid(2).</summary>
    Setreuid = 113,

    /// <summary>setregid(2).</summary>
    Setregid = 114,

    /// <summary>getgroups(2).</summary>
    Getgroups = 115,

    /// <summary>setgroups(2).</summary>
    Setgroups = 116,

    /// <summary>setresuid(2).</summary>
    Setresuid = 117,

    /// <summary>getresuid(2).</summary>
    Getresuid = 118,

    /// <summary>setresgid(2).</summary>
    Setresgid = 119,

    /// <summary>getresgid(2).</summary>
    Getresgid = 120,

    /// <summary>getpgid(2).</summary>
    Getpgid = 121,

    /// <summary>setfsuid(2).</summary>
    Setfsuid = 122,

    /// <summary>setfsgid(2).</summary>
    Setfsgid = 123,

    /// <summary>getsid(2).</summary>
    Getsid = 124,

    /// <summary>capget(2).</summary>
    Capget = 125,

    /// <summary>capset(2).</summary>
    Capset = 126,

    /// <summary>rt_sigpending(2).</summary>
    RtSigpending = 127,

    /// <summary>rt_sigtimedwait(2).</summary>
    RtSigtimedwait = 128,

    /// <summary>rt_sigqueueinfo(2).</summary>
    RtSigqueueinfo = 129,

    /// <summary>rt_sigsuspend(2).</summary>
    RtSigsuspend = 130,

    /// <summary>sigaltstack(2).</summary>
    Sigaltstack = 131,

    /// <summary>utime(2).</summary>
    Utime = 132,

    /// <summary>mknod(2).</summary>
    Mknod = 133,

    /// <summary>uselib(2).</summary>
    Uselib = 134,

    /// <summary>personality(2).</summary>
    Personality = 135,

    /// <summary>ustat(2).</summary>
    Ustat = 136,

    /// <summary>statfs(2).</summary>
    Statfs = 137,

    /// <summary>fstatfs(2).</summary>
    Fstatfs = 138,

    /// <summary>sysfs(2).</summary>
    Sysfs = 139,

    /// <summary>getpriority(2).</summary>
    Getpriority = 140,

    /// <summary>setpriority(2).</summary>
    Setpriority = 141,

    /// <summary>sched_setparam(2).</summary>
    SchedSetparam = 142,

    /// <summary>sched_getparam(2).</summary>
    SchedGetparam = 143,

    /// <summary>sched_setscheduler(2).</summary>
    SchedSetscheduler = 144,

    /// <summary>sched_getscheduler(2).</summary>
    SchedGetscheduler = 145,

    /// <summary>sched_get_priority_max(2).</summary>
    SchedGetPriorityMax = 146,

    /// <summary>sched_get_priority_min(2).</summary>
    SchedGetPriorityMin = 147,

    /// <summary>sched_rr_get_interval(2).</summary>
    SchedRrGetInterval = 148,

    /// <summary>mlock(2).</summary>
    Mlock = 149,

    /// <summary>munlock(2).</summary>
    Munlock = 150,

    /// <summary>mlockall(2).</summary>
    Mlockall = 151,

    /// <summary>munlockall(2).</summary>
    Munlockall = 152,

    /// <summary>vhangup(2).</summary>
    Vhangup = 153,

    /// <summary>modify_ldt(2).</summary>
    ModifyLdt = 154,

    /// <summary>pivot_root(2).</summary>
    PivotRoot = 155,

    /// <summary>_sysctl(2).</summary>
    Sysctl = 156,

    /// <summary>prctl(2).</summary>
    Prctl = 157,

    /// <summary>arch_prctl(2).</summary>
    ArchPrctl = 158,

    /// <summary>adjtimex(2).</summary>
    Adjtimex = 159,

    /// <summary>setrlimit(2).</summary>
    Setrlimit = 160,

    /// <summary>chroot(2).</summary>
    Chroot = 161,

    /// <summary>sync(2).</summary>
    Sync = 162,

    /// <summary>acct(2).</summary>
    Acct = 163,

    /// <summary>settimeofday(2).</summary>
    Settimeofday = 164,

    /// <summary>mount(2).</summary>
    Mount = 165,

    /// <summary>umount2(2).</summary>
    Umount2 = 166,

    /// <summary>swapon(2).</summary>
    Swapon = 167,

    /// <summary>swapoff(2).</summary>
    Swapoff = 168,

    /// <summary>reboot(2).</summary>
    Reboot = 169,

    /// <summary>sethostname(2).</summary>
    Sethostname = 170,

    /// <summary>setdomainname(2).</summary>
    Setdomainname = 171,

    /// <summary>iopl(2).</summary>
    Iopl = 172,

    /// <summary>ioperm(2).</summary>
    Ioperm = 173,

    /// <summary>create_module(2).</summary>
    CreateModule = 174,

    /// <summary>init_module(2).</summary>
    InitModule = 175,

    /// <summary>delete_module(2).</summary>
    DeleteModule = 176,

    /// <summary>get_kernel_syms(2).</summary>
    GetKernelSyms = 177,

    /// <summary>query_module(2).</summary>
    QueryModule = 178,

    /// <summary>quotactl(2).</summary>
    Quotactl = 179,

    /// <summary>nfsservctl(2).</summary>
    Nfsservctl = 180,

    /// <summary>getpmsg(2).</summary>
    Getpmsg = 181,

    /// <summary>putpmsg(2).</summary>
    Putpmsg = 182,

    /// <summary>afs_syscall(2).</summary>
    AfsSyscall = 183,

    /// <summary>tuxcall(2).</summary>
    Tuxcall = 184,

    /// <summary>security(2).</summary>
    Security = 185,

    /// <summary>gettid(2).</summary>
    Gettid = 186,

    /// <summary>readahead(2).</summary>
    Readahead = 187,

    /// <summary>setxattr(2).</summary>
    Setxattr = 188,

    /// <summary>lsetxattr(2).</summary>
    Lsetxattr = 189,

    /// <summary>fsetxattr(2).</summary>
    Fsetxattr = 190,

    /// <summary>getxattr(2).</summary>
    Getxattr = 191,

    /// <summary>lgetxattr(2).</summary>
    Lgetxattr = 192,

    /// <summary>fgetxattr(2).</summary>
    Fgetxattr = 193,

    /// <summary>listxattr(2).</summary>
    Listxattr = 194,

    /// <summary>llistxattr(2).</summary>
    Llistxattr = 195,

    /// <summary>flistxattr(2).</summary>
    Flistxattr = 196,

    /// <summary>removexattr(2).</summary>
    Removexattr = 197,

    /// <summary>lremovexattr(2).</summary>
    Lremovexattr = 198,

    /// <summary>fremovexattr(2).</summary>
    Fremovexattr = 199,

    /// <summary>tkill(2).</summary>
    Tkill = 200,

    /// <summary>time(2).</summary>
    Time = 201,

    /// <summary>futex(2).</summary>
    Futex = 202,

    /// <summary>sched_setaffinity(2).</summary>
    SchedSetaffinity = 203,

    /// <summary>sched_getaffinity(2).</summary>
    SchedGetaffinity = 204,

    /// <summary>set_thread_area(2).</summary>
    SetThreadArea = 205,

    /// <summary>io_setup(2).</summary>
    IoSetup = 206,

    /// <summary>io_destroy(2).</summary>
    IoDestroy = 207,

    /// <summary>io_getevents(2).</summary>
    IoGetevents = 208,

    /// <summary>io_submit(2).</summary>
    IoSubmit = 209,

    /// <summary>io_cancel(2).</summary>
    IoCancel = 210,

    /// <summary>get_thread_area(2).</summary>
    GetThreadArea = 211,

    /// <summary>lookup_dcookie(2).</summary>
    LookupDcookie = 212,

    /// <summary>epoll_create(2).</summary>
    EpollCreate = 213,

    /// <summary>epoll_ctl_old(2).</summary>
    EpollCtlOld = 214,

    /// <summary>epoll_wait_old(2).</summary>
    EpollWaitOld = 215,

    /// <summary>remap_file_pages(2).</summary>
    RemapFilePages = 216,

    /// <summary>getdents64(2).</summary>
    Getdents64 = 217,

    /// <summary>set_tid_address(2).</summary>
    SetTidAddress = 218,

    /// <summary>restart_syscall(2).</summary>
    RestartSyscall = 219,

    /// <summary>semtimedop(2).</summary>
    Semtimedop = 220,

    /// <summary>fadvise64(2).</summary>
    Fadvise64 = 221,

    /// <summary>timer_create(2).</summary>
    TimerCreate = 222,

    /// <summary>timer_settime(2).</summary>
    TimerSettime = 223,

    /// <summary>timer_gettime(2).</summary>
    TimerGettime = 224,

    /// <summary>timer_getoverrun(2).</summary>
    TimerGetoverrun = 225,

    /// <summary>timer_delete(2).</summary>
    TimerDelete = 226,

    /// <summary>clock_settime(2).</summary>
    ClockSettime = 227,

    /// <summary>clock_gettime(2).</summary>
    ClockGettime = 228,

    /// <summary>clock_getres(2).</summary>
    ClockGetres = 229,

    /// <summary>clock_nanosleep(2).</summary>
    ClockNanosleep = 230,

    /// <summary>exit_group(2).</summary>
    ExitGroup = 231,

    /// <summary>epoll_wait(2).</summary>
    EpollWait = 232,

    /// <summary>epoll_ctl(2).</summary>
    EpollCtl = 233,

    /// <summary>tgkill(2).</summary>
    Tgkill = 234,

    /// <summary>utimes(2).</summary>
    Utimes = 235,

    /// <summary>vserver(2).</summary>
    Vserver = 236,

    /// <summary>mbind(2).</summary>
    Mbind = 237,

    /// <summary>set_mempolicy(2).</summary>
    SetMempolicy = 238,

    /// <summary>get_mempolicy(2).</summary>
    GetMempolicy = 239,

    /// <summary>mq_open(2).</summary>
    MqOpen = 240,

    /// <summary>mq_unlink(2).</summary>
    MqUnlink = 241,

    /// <summary>mq_timedsend(2).</summary>
    MqTimedsend = 242,

    /// <summary>mq_timedreceive(2).</summary>
    MqTimedreceive = 243,

    /// <summary>mq_notify(2).</summary>
    MqNotify = 244,

    /// <summary>mq_getsetattr(2).</summary>
    MqGetsetattr = 245,

    /// <summary>kexec_load(2).</summary>
    KexecLoad = 246,

    /// <summary>waitid(2).</summary>
    Waitid = 247,

    /// <summary>add_key(2).</summary>
    AddKey = 248,

    /// <summary>request_key(2).</summary>
    RequestKey = 249,

    /// <summary>keyctl(2).</summary>
    Keyctl = 250,

    /// <summary>ioprio_set(2).</summary>
    IoprioSet = 251,

    /// <summary>ioprio_get(2).</summary>
    IoprioGet = 252,

    /// <summary>inotify_init(2).</summary>
    InotifyInit = 253,

    /// <summary>inotify_add_watch(2).</summary>
    InotifyAddWatch = 254,

    /// <summary>inotify_rm_watch(2).</summary>
    InotifyRmWatch = 255,

    /// <summary>migrate_pages(2).</summary>
    MigratePages = 256,

    /// <summary>openat(2).</summary>
    Openat = 257,

    /// <summary>mkdirat(2).</summary>
    Mkdirat = 258,

    /// <summary>mknodat(2).</summary>
    Mknodat = 259,

    /// <summary>fchownat(2).</summary>
    Fchownat = 260,

    /// <summary>futimesat(2).</summary>
    Futimesat = 261,

    /// <summary>newfstatat(2).</summary>
    Newfstatat = 262,

    /// <summary>unlinkat(2).</summary>
    Unlinkat = 263,

    /// <summary>renameat(2).</summary>
    Renameat = 264,

    /// <summary>linkat(2).</summary>
    Linkat = 265,

    /// <summary>symlinkat(2).</summary>
    Symlinkat = 266,

    /// <summary>readlinkat(2).</summary>
    Readlinkat = 267,

    /// <summary>fchmodat(2).</summary>
    Fchmodat = 268,

    /// <summary>faccessat(2).</summary>
    Faccessat = 269,

    /// <summary>pselect6(2).</summary>
    Pselect6 = 270,

    /// <summary>ppoll(2).</summary>
    Ppoll = 271,

    /// <summary>unshare(2).</summary>
    Unshare = 272,

    /// <summary>set_robust_list(2).</summary>
    SetRobustList = 273,

    /// <summary>get_robust_list(2).</summary>
    GetRobustList = 274,

    /// <summary>splice(2).</summary>
    Splice = 275,

    /// <summary>tee(2).</summary>
    Tee = 276,

    /// <summary>sync_file_range(2).</summary>
    SyncFileRange = 277,

    /// <summary>vmsplice(2).</summary>
    Vmsplice = 278,

    /// <summary>move_pages(2).</summary>
    MovePages = 279,

    /// <summary>utimensat(2).</summary>
    Utimensat = 280,

    /// <summary>epoll_pwait(2).</summary>
    EpollPwait = 281,

    /// <summary>signalfd(2).</summary>
    Signalfd = 282,

    /// <summary>timerfd_create(2).</summary>
    TimerfdCreate = 283,

    /// <summary>eventfd(2).</summary>
    Eventfd = 284,

    /// <summary>fallocate(2).</summary>
    Fallocate = 285,

    /// <summary>timerfd_settime(2).</summary>
    TimerfdSettime = 286,

    /// <summary>timerfd_gettime(2).</summary>
    TimerfdGettime = 287,

    /// <summary>accept4(2).</summary>
    Accept4 = 288,

    /// <summary>signalfd4(2).</summary>
    Signalfd4 = 289,

    /// <summary>eventfd2(2).</summary>
    Eventfd2 = 290,

    /// <summary>epoll_create1(2).</summary>
    EpollCreate1 = 291,

    /// <summary>dup3(2).</summary>
    Dup3 = 292,

    /// <summary>pipe2(2).</summary>
    Pipe2 = 293,

    /// <summary>inotify_init1(2).</summary>
    InotifyInit1 = 294,

    /// <summary>preadv(2).</summary>
    Preadv = 295,

    /// <summary>pwritev(2).</summary>
    Pwritev = 296,

    /// <summary>rt_tgsigqueueinfo(2).</summary>
    RtTgsigqueueinfo = 297,

    /// <summary>perf_event_open(2).</summary>
    PerfEventOpen = 298,

    /// <summary>recvmmsg(2).</summary>
    Recvmmsg = 299,

    /// <summary>fanotify_init(2).</summary>
    FanotifyInit = 300,

    /// <summary>fanotify_mark(2).</summary>
    FanotifyMark = 301,

    /// <summary>prlimit64(2).</summary>
    Prlimit64 = 302,

    /// <summary>name_to_handle_at(2).</summary>
    NameToHandleAt = 303,

    /// <summary>open_by_handle_at(2).</summary>
    OpenByHandleAt = 304,

    /// <summary>clock_adjtime(2).</summary>
    ClockAdjtime = 305,

    /// <summary>syncfs(2).</summary>
    Syncfs = 306,

    /// <summary>sendmmsg(2).</summary>
    Sendmmsg = 307,

    /// <summary>setns(2).</summary>
    Setns = 308,

    /// <summary>getcpu(2).</summary>
    Getcpu = 309,

    /// <summary>process_vm_readv(2).</summary>
    ProcessVmReadv = 310,

    /// <summary>process_vm_writev(2).</summary>
    ProcessVmWritev = 311,

    /// <summary>kcmp(2).</summary>
    Kcmp = 312,

    /// <summary>finit_module(2).</summary>
    FinitModule = 313,

    /// <summary>sched_setattr(2).</summary>
    SchedSetattr = 314,

    /// <summary>sched_getattr(2).</summary>
    SchedGetattr = 315,

    /// <summary>renameat2(2).</summary>
    Renameat2 = 316,

    /// <summary>seccomp(2).</summary>
    Seccomp = 317,

    /// <summary>getrandom(2).</summary>
    Getrandom = 318,

    /// <summary>memfd_create(2).</summary>
    MemfdCreate = 319,

    /// <summary>kexec_file_load(2).</summary>
    KexecFileLoad = 320,

    /// <summary>bpf(2).</summary>
    Bpf = 321,

    /// <summary>execveat(2).</summary>
    Execveat = 322,

    /// <summary>userfaultfd(2).</summary>
    Userfaultfd = 323,

    /// <summary>membarrier(2).</summary>
    Membarrier = 324,

    /// <summary>mlock2(2).</summary>
    Mlock2 = 325,

    /// <summary>copy_file_range(2).</summary>
    CopyFileRange = 326,

    /// <summary>preadv2(2).</summary>
    Preadv2 = 327,

    /// <summary>pwritev2(2).</summary>
    Pwritev2 = 328,

    /// <summary>pkey_mprotect(2).</summary>
    PkeyMprotect = 329,

    /// <summary>pkey_alloc(2).</summary>
    PkeyAlloc = 330,

    /// <summary>pkey_free(2).</summary>
    PkeyFree = 331,

    /// <summary>statx(2).</summary>
    Statx = 332,

    /// <summary>io_pgetevents(2).</summary>
    IoPgetevents = 333,

    /// <summary>rseq(2).</summary>
    Rseq = 334,

    /// <summary>pidfd_send_signal(2).</summary>
    PidfdSendSignal = 424,

    /// <summary>io_uring_setup(2).</summary>
    IoUringSetup = 425,

    /// <summary>io_uring_enter(2).</summary>
    IoUringEnter = 426,

    /// <summary>io_uring_register(2).</summary>
    IoUringRegister = 427,

    /// <summary>open_tree(2).</summary>
    OpenTree = 428,

    /// <summary>move_mount(2).</summary>
    MoveMount = 429,

    /// <summary>fsopen(2).</summary>
    Fsopen = 430,

    /// <summary>fsconfig(2).</summary>
    Fsconfig = 431,

    /// <summary>fsmount(2).</summary>
    Fsmount = 432,

    /// <summary>fspick(2).</summary>
    Fspick = 433,

    /// <summary>pidfd_open(2).</summary>
    PidfdOpen = 434,

    /// <summary>clone3(2).</summary>
    Clone3 = 435,

    /// <summary>close_range(2).</summary>
    CloseRange = 436,

    /// <summary>openat2(2).</summary>
    Openat2 = 437,

    /// <summary>pidfd_getfd(2).</summary>
    PidfdGetfd = 438,

    /// <summary>faccessat2(2).</summary>
    Faccessat2 = 439,

    /// <summary>process_madvise(2).</summary>
    ProcessMadvise = 440,

    /// <summary>epoll_pwait2(2).</summary>
    EpollPwait2 = 441,

    /// <summary>mount_setattr(2).</summary>
    MountSetattr = 442,

    /// <summary>quotactl_fd(2).</summary>
    QuotactlFd = 443,

    /// <summary>landlock_create_ruleset(2).</summary>
    LandlockCreateRuleset = 444,

    /// <summary>landlock_add_rule(2).</summary>
    LandlockAddRule = 445,

    /// <summary>landlock_restrict_self(2).</summary>
    LandlockRestrictSelf = 446,

    /// <summary>memfd_secret(2).</summary>
    MemfdSecret = 447,

    /// <summary>process_mrelease(2).</summary>
    ProcessMrelease = 448,

    /// <summary>futex_waitv(2).</summary>
    FutexWaitv = 449,

    /// <summary>set_mempolicy_home_node(2).</summary>
    SetMempolicyHomeNode = 450,

    /// <summary>cachestat(2).</summary>
    Cachestat = 451,

    /// <summary>fchmodat2(2).</summary>
    Fchmodat2 = 452,

    /// <summary>map_shadow_stack(2).</summary>
    MapShadowStack = 453,

    /// <summary>futex_wake(2).</summary>
    FutexWake = 454,

    /// <summary>futex_wait(2).</summary>
    FutexWait = 455,

    /// <summary>futex_requeue(2).</summary>
    FutexRequeue = 456,

    /// <summary>statmount(2).</summary>
    Statmount = 457,

    /// <summary>listmount(2).</summary>
    Listmount = 458,

    /// <summary>lsm_get_self_attr(2).</summary>
    LsmGetSelfAttr = 459,

    /// <summary>lsm_set_self_attr(2).</summary>
    LsmSetSelfAttr = 460,

    /// <summary>lsm_list_modules(2).</summary>
    LsmListModules = 461,

    /// <summary>mseal(2).</summary>
    Mseal = 462,

    /// <summary>setxattrat(2).</summary>
    Setxattrat = 463,

    /// <summary>getxattrat(2).</summary>
    Getxattrat = 464,

    /// <summary>listxattrat(2).</summary>
    Listxattrat = 465,

    /// <summary>removexattrat(2).</summary>
    Removexattrat = 466,

    /// <summary>open_tree_attr(2).</summary>
    OpenTreeAttr = 467,

    /// <summary>file_getattr(2).</summary>
    FileGetattr = 468,

    /// <summary>file_setattr(2).</summary>
    FileSetattr = 469,
}
