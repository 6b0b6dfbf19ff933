// Random arguments at every system call, from several threads, while another one maps and unmaps what they point at.
// Usage: calls SEED MILLISECONDS ROUNDS [THREADS]. Run it inside a VM and isolate.sh only: it unlinks, truncates and signals.
#include "values.h"
#include <pthread.h>
#include <sched.h>

enum { WORKERS = 3, HIGHEST = 470 };
static atomic_int stop, running;
static atomic_ulong turns[THREADS], calls_done, calls_failed;
static atomic_int host_ids[THREADS];
static u64 seeds[THREADS];
static int only = -1;

static int is_memory_call(long number) {
    switch (number) {
    case SYS_mmap: case SYS_mprotect: case SYS_munmap: case SYS_mremap: case SYS_madvise: case SYS_remap_file_pages: case SYS_pkey_mprotect:
    case SYS_mlock: case SYS_mlock2: case SYS_mbind: case SYS_shmat: case SYS_munlock: case SYS_msync:
        return 1;
    default:
        return 0;
    }
}

// Memory that the program itself stands on must stay: a valid range is moved into the arena, an invalid one is left as it is.
static void stay_in_arena(u64 *address, u64 *length) {
    const u64 end = 0x7fff80000000;
    if (*address >= end || *address + *length >= end || *address + *length < *address)
        return;
    if (*address < ARENA || *address >= ARENA + ARENA_BYTES)
        *address = ARENA + *address % ARENA_BYTES / PAGE * PAGE;
    if (*length > ARENA + ARENA_BYTES - *address)
        *length = ARENA + ARENA_BYTES - *address;
}

static u64 harmless_signal(u64 *rng) {
    static const u64 signals[] = {0, SIGUSR1, SIGUSR2, SIGURG, SIGCHLD, SIGWINCH, 34, 40, 64, 65, 0xffffffff};
    return signals[below(rng, 11)];
}

// Bends the arguments of calls that would end, stop or fill something by right. Returns 0 for a call to leave out.
static int tame(u64 *rng, long number, u64 *a) {
    switch (number) {
    case SYS_exit: case SYS_exit_group: case SYS_rt_sigreturn: case SYS_pause: case SYS_sigaltstack:
    case SYS_setpriority: case SYS_sched_setscheduler: case SYS_sched_setattr: case SYS_sched_setparam:
        return 0;
    case SYS_kill: case SYS_tkill: case SYS_rt_sigqueueinfo: case SYS_pidfd_send_signal:
        a[1] = harmless_signal(rng);
        return 1;
    case SYS_tgkill: case SYS_rt_tgsigqueueinfo:
        a[2] = harmless_signal(rng);
        return 1;
    case SYS_rt_sigaction:
        if (a[1] >= ARENA)
            a[1] = SAFE; // SIG_DFL
        a[0] = below(rng, 2) ? SIGURG : 100 + below(rng, 100);
        return 1;
    case SYS_rt_sigsuspend:
        a[0] = SAFE;
        return 1;
    case SYS_rt_sigprocmask: case SYS_ppoll: case SYS_epoll_pwait: case SYS_epoll_pwait2: case SYS_pselect6: case SYS_signalfd: case SYS_signalfd4: {
        int at = number == SYS_rt_sigprocmask || number == SYS_signalfd || number == SYS_signalfd4 ? 1 : number == SYS_ppoll ? 3 : number == SYS_pselect6 ? 5 : 4;
        if (a[at] >= SAFE && a[at] < 0x7fff80000000)
            a[at] = number == SYS_pselect6 ? SAFE + 8 : SAFE;
        return 1;
    }
    case SYS_timer_create: case SYS_mq_notify:
        a[1] = below(rng, 2) ? SAFE + 32 : 0;
        return 1;
    case SYS_fcntl:
        if ((a[1] & 0xffffffff) == 10) // F_SETSIG
            a[2] = 0;
        return 1;
    case SYS_prctl:
        if ((a[0] & 0xffffffff) == 1) // PR_SET_PDEATHSIG
            a[1] = 0;
        return 1;
    case SYS_fork: case SYS_vfork: // the child would go on as another of these, with nobody to end it
        return 0;
    case SYS_clone: // neither CLONE_THREAD, a thread without a stack of its own, nor a process: it would share memory
        a[0] = (a[0] & ~0x14000ull) | 0x100;
        return 1;
    case SYS_execve: // another program would take this one's place
        a[1] = 8;
        return 1;
    case SYS_execveat:
        a[2] = 8;
        return 1;
    case SYS_clone3:
        a[1] %= 64;
        return 1;
    case SYS_close_range:
        a[0] |= 3, a[1] %= 500;
        return 1;
    case SYS_ftruncate: case SYS_truncate:
        a[1] %= 16 << 20;
        return 1;
    case SYS_setrlimit: // a limit that was lowered stays so: the work at the end would fail, rightly
        return 0;
    case SYS_prlimit64:
        a[2] = 0;
        return 1;
    case SYS_fallocate:
        a[2] %= 8 << 20, a[3] %= 8 << 20;
        return 1;
    case SYS_sendfile: case SYS_copy_file_range: case SYS_splice:
        a[number == SYS_sendfile ? 3 : 4] %= 1 << 20;
        return 1;
    case SYS_brk:
        a[0] = below(rng, 2) ? 0 : 0x7fff80000000 + a[0] % 0x80000000;
        return 1;
    case SYS_pwrite64: case SYS_pwritev: case SYS_pwritev2: case SYS_lseek:
        a[number == SYS_lseek ? 1 : 3] %= 16 << 20;
        return 1;
    case SYS_shmget:
        a[1] %= 1 << 20;
        return 1;
    case SYS_mlockall:
        a[0] &= 5; // MCL_FUTURE would populate each later map
        return 1;
    case SYS_process_vm_writev: // lists in the arena name only arena addresses by chance
    default:
        return 1;
    }
}

static long choose(u64 *rng) {
    if (only >= 0)
        return only;
    static const long strange[] = {-1, -2, 511, 512, 513, 1023, 1024, 0x40000000, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, (long)0x8000000000000000, (long)0xffffffffffffff01};
    if (!below(rng, 64))
        return strange[below(rng, sizeof strange / sizeof *strange)];
    return (long)below(rng, HIGHEST + 1);
}

static void one_call(u64 *rng) {
    long number = choose(rng);
    u64 a[6];
    for (int i = 0; i < 6; i++)
        a[i] = a_value(rng);
    // The usual shape (descriptor or path, buffer, size) more often than chance would make it.
    if (below(rng, 3) == 0)
        a[0] = a_descriptor(rng), a[1] = a_pointer(rng), a[2] = a_size(rng);
    else if (below(rng, 3) == 0)
        a[0] = below(rng, 2) ? (u64)AT_FDCWD : a_path(rng), a[1] = a_path(rng);
    if (is_memory_call(number)) {
        stay_in_arena(&a[0], &a[1]);
        if (number == SYS_mmap && a[4] > 48 && !below(rng, 4))
            a[4] = below(rng, 48);
        if (number == SYS_mmap) // without MAP_FIXED the whole space would fill up with big maps
            a[3] |= below(rng, 2) ? MAP_FIXED | MAP_PRIVATE : MAP_FIXED | MAP_SHARED;
        if (number == SYS_mmap) // rounds the length up to large pages, and so leaves the arena
            a[3] &= ~(u64)MAP_HUGETLB;
        if (number == SYS_mmap && a[0] == 0)
            a[0] = ARENA;
        if (number == SYS_mremap) {
            stay_in_arena(&a[4], &a[2]);
            if (a[2] > ARENA_BYTES && a[2] < 1ull << 47)
                a[2] = ARENA_BYTES;
            if (!(a[3] & MREMAP_FIXED))
                a[3] &= ~(u64)MREMAP_MAYMOVE;
        }
        if (number == SYS_shmat)
            a[1] = a[0], a[0] = below(rng, 8);
    }
    for (int i = 0; i < 6; i++)
        if ((u32)a[i] == OUT || (u32)a[i] == IN)
            a[i] += 2;
    if ((u32)a[0] == 2)
        a[0]++;
    if (!tame(rng, number, a))
        return;
    long result = raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    calls_done++;
    if (result < 0 && result >= -4095)
        calls_failed++;
    if (number == SYS_rt_sigprocmask || number == SYS_rt_sigaction) {
        u64 none = 0;
        raw(SYS_rt_sigprocmask, SIG_SETMASK, (u64)&none, 0, 8, 0, 0);
        catch_all();
    }
}

static void *worker(void *argument) {
    int index = (int)(long)argument;
    // Kept where a return from a signal can't take it back.
    u64 *rng = &seeds[index];
    host_ids[index] = (int)raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
    use_alternate_stack(index);
    mark(&ways_back[index]);
    while (!stop) {
        turns[index]++;
        ways_back[index].armed = 1;
        one_call(rng);
        ways_back[index].armed = 0;
    }
    running--;
    raw(SYS_futex, (u64)&running, FUTEX_WAKE, 1, 0, 0, 0);
    raw(SYS_exit, 0, 0, 0, 0, 0, 0);
    return 0;
}

static void shake_once(u64 *rng) {
    u64 at = ARENA + below(rng, ARENA_BYTES / PAGE) * PAGE, length = (1 + below(rng, 64)) * PAGE;
    stay_in_arena(&at, &length);
    int protection = (int)below(rng, 8);
    switch (below(rng, 7)) {
    case 0:
        raw(SYS_munmap, at, length, 0, 0, 0, 0);
        break;
    case 1:
        raw(SYS_mprotect, at, length, (u64)protection, 0, 0, 0);
        break;
    case 2:
        raw(SYS_mmap, at, length, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ull, 0);
        break;
    case 3: { // a file that ends before its map does
        long file = raw(SYS_openat, (u64)AT_FDCWD, (u64) "/tmp/mapped", O_RDWR | O_CREAT, 0600, 0, 0);
        raw(SYS_ftruncate, (u64)file, below(rng, 8) * 1000, 0, 0, 0, 0);
        raw(SYS_mmap, at, length, 3, below(rng, 2) ? MAP_SHARED | MAP_FIXED : MAP_PRIVATE | MAP_FIXED, (u64)file, 0);
        raw(SYS_close, (u64)file, 0, 0, 0, 0, 0);
        break;
    }
    case 4: {
        u64 to = ARENA + below(rng, ARENA_BYTES / 2 / PAGE) * PAGE;
        raw(SYS_mremap, at, length, length * 2, MREMAP_MAYMOVE | MREMAP_FIXED, to, 0);
        break;
    }
    case 5:
        raw(SYS_madvise, at, length, MADV_DONTNEED, 0, 0, 0);
        break;
    default: // something to point at: small numbers, descriptors, addresses
        raw(SYS_mmap, at, length, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ull, 0);
        for (u64 i = 0; i < 256; i++)
            ((volatile u64 *)at)[i] = a_value(rng);
    }
}

static void *shaker(void *argument) {
    int index = (int)(long)argument;
    u64 *rng = &seeds[index];
    host_ids[index] = (int)raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
    use_alternate_stack(index);
    mark(&ways_back[index]);
    while (!stop) {
        turns[index]++;
        ways_back[index].armed = 1;
        shake_once(rng);
        ways_back[index].armed = 0;
    }
    running--;
    raw(SYS_exit, 0, 0, 0, 0, 0, 0);
    return 0;
}

// Whoever sits in a call for too long is interrupted; returns false when threads don't end.
static int watch(u64 until, int threads) {
    u64 last[THREADS] = {0}, patience = until + 20000;
    int group = (int)raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
    while (running) {
        sleep_ms(10);
        u64 now = now_ms();
        if (now >= until)
            stop = 1;
        if (now >= patience)
            return 0;
        for (int i = 0; i < threads; i++) {
            if (turns[i] == last[i] && host_ids[i])
                raw(SYS_tgkill, (u64)group, (u64)host_ids[i], SIGUSR1, 0, 0, 0);
            last[i] = turns[i];
        }
    }
    return 1;
}

static void tidy(void) {
    struct itimerspec none;
    memset(&none, 0, sizeof none);
    struct {
        struct timeval a, b;
    } stopped = {{0, 0}, {0, 0}};
    for (u64 which = 0; which < 3; which++)
        raw(SYS_setitimer, which, (u64)&stopped, 0, 0, 0, 0);
    for (u64 timer = 0; timer < 4096; timer++)
        if (raw(SYS_timer_delete, timer, 0, 0, 0, 0, 0) && timer > 64)
            break;
    raw(SYS_close_range, 3, 700, 0, 0, 0, 0);
    raw(SYS_munmap, ARENA, ARENA_BYTES, 0, 0, 0, 0);
    raw(SYS_munlockall, 0, 0, 0, 0, 0, 0);
    raw(SYS_setresuid, ~0ull, ~0ull, ~0ull, 0, 0, 0);
    catch_all();
    use_alternate_stack(THREADS - 1);
}

static void prepare(void) {
    raw(SYS_mmap, ARENA, ARENA_BYTES / 2, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, ~0ull, 0);
    raw(SYS_mkdir, (u64) "/tmp/dir", 0755, 0, 0, 0, 0);
    raw(SYS_mknod, (u64) "/tmp/fifo", 0010600, 0, 0, 0, 0);
    raw(SYS_symlink, (u64) "/tmp/a", (u64) "/tmp/link", 0, 0, 0, 0);
    for (int i = 0; i < 4; i++)
        raw(SYS_openat, (u64)AT_FDCWD, (u64)(i & 1 ? "/tmp/a" : "/tmp/b"), O_RDWR | O_CREAT | O_NONBLOCK, 0600, 0, 0);
    raw(SYS_openat, (u64)AT_FDCWD, (u64) "/proc/self/maps", O_RDONLY, 0, 0, 0);
    raw(SYS_openat, (u64)AT_FDCWD, (u64) "/tmp", O_RDONLY | O_DIRECTORY, 0, 0, 0);
    u64 pair[2];
    raw(SYS_pipe2, (u64)pair, 0, 0, 0, 0, 0);
    raw(SYS_socketpair, 1, 1, 0, (u64)pair, 0, 0);
    raw(SYS_socketpair, 1, 2, 0, (u64)pair, 0, 0);
    raw(SYS_socket, 2, 1, 0, 0, 0, 0);
    raw(SYS_socket, 10, 2, 0, 0, 0, 0);
    raw(SYS_socket, 16, 3, 0, 0, 0, 0);
    raw(SYS_eventfd2, 3, 0, 0, 0, 0, 0);
    raw(SYS_epoll_create1, 0, 0, 0, 0, 0, 0);
    raw(SYS_timerfd_create, 1, 0, 0, 0, 0, 0);
    raw(SYS_inotify_init1, 0, 0, 0, 0, 0, 0);
    raw(SYS_memfd_create, (u64) "m", 2, 0, 0, 0, 0);
    raw(SYS_signalfd4, ~0ull, SAFE, 8, 0, 0, 0);
}

int main(int count, char **arguments) {
    u64 seed = count > 1 ? strtoull(arguments[1], 0, 0) : 1;
    u64 milliseconds = count > 2 ? strtoull(arguments[2], 0, 0) : 2000;
    int rounds = count > 3 ? atoi(arguments[3]) : 1;
    if (getenv("FUZZ_ONLY"))
        only = atoi(getenv("FUZZ_ONLY"));
    keep_streams();
    char line[160];
    snprintf(line, sizeof line, "seed %llu\n", (unsigned long long)seed);
    say(line);
    make_safe_page();
    catch_all();
    use_alternate_stack(THREADS - 1);
    for (int round = 0; round < rounds; round++) {
        u64 state = seed + (u64)round;
        prepare();
        stop = 0;
        running = WORKERS + 1;
        for (long i = 0; i <= WORKERS; i++) {
            pthread_t thread;
            seeds[i] = next(&state);
            host_ids[i] = 0;
            ways_back[i].armed = 0;
            if (pthread_create(&thread, 0, i < WORKERS ? worker : shaker, (void *)i))
                return 2;
        }
        if (!watch(now_ms() + milliseconds, WORKERS + 1)) {
            say("fuzz: threads don't end\n");
            raw(SYS_exit_group, 4, 0, 0, 0, 0, 0);
        }
        tidy();
        pause_for_measurement(round);
    }
    snprintf(line, sizeof line, "calls %lu errors %lu recovered %lu\n", calls_done, calls_failed, recovered);
    say(line);
    say(works() ? "intact\n" : "broken\n");
    raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}
