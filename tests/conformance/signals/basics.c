// Handlers, masks, pending signals, sigaction's flags.
#include "check.h"

static volatile sig_atomic_t count, last, depth, deepest;
static siginfo_t seen;
static sigset_t seen_mask;

static void simple(int number) { count++, last = number; }

static void detailed(int number, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last = number;
    seen = *info;
    pthread_sigmask(SIG_BLOCK, NULL, &seen_mask);
}

static void handle(int number, void (*f)(int), int flags)
{
    struct sigaction a = { .sa_handler = f, .sa_flags = flags };
    sigaction(number, &a, NULL);
    count = last = 0;
}

static void handle_info(int number, int flags)
{
    struct sigaction a = { .sa_sigaction = detailed, .sa_flags = SA_SIGINFO | flags };
    sigaction(number, &a, NULL);
    count = last = 0;
    memset(&seen, 0, sizeof seen);
}

static void block(int how, int number)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, number);
    sigprocmask(how, &s, NULL);
}

static bool is_pending(int number)
{
    sigset_t s;
    sigpending(&s);
    return sigismember(&s, number);
}

TEST(raise_runs_the_handler_before_it_returns)
{
    handle(SIGUSR1, simple, 0);
    raise(SIGUSR1);
    EXPECT_EQ(count, 1);
    EXPECT_EQ(last, SIGUSR1);
}

TEST(kill_of_oneself_is_delivered)
{
    handle(SIGUSR2, simple, 0);
    EXPECT_OK(kill(getpid(), SIGUSR2));
    EXPECT(EVENTUALLY(count == 1));
}

TEST(a_blocked_signal_is_pending_until_unblocked)
{
    handle(SIGUSR1, simple, 0);
    block(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    EXPECT_EQ(count, 0);
    EXPECT(is_pending(SIGUSR1));
    EXPECT(!is_pending(SIGUSR2));
    block(SIG_UNBLOCK, SIGUSR1);
    EXPECT_EQ(count, 1);
    EXPECT(!is_pending(SIGUSR1));
}

TEST(standard_signals_merge)
{
    handle(SIGUSR1, simple, 0);
    block(SIG_BLOCK, SIGUSR1);
    for (int i = 0; i < 5; i++)
        raise(SIGUSR1);
    block(SIG_UNBLOCK, SIGUSR1);
    EXPECT_EQ(count, 1);
}

TEST(ignored_signals_vanish)
{
    handle(SIGUSR1, SIG_IGN, 0);
    block(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    handle(SIGUSR1, SIG_IGN, 0); // discards what is pending
    handle(SIGUSR1, simple, 0);
    block(SIG_UNBLOCK, SIGUSR1);
    EXPECT_EQ(count, 0);
}

TEST(default_ignored_signals_do_nothing)
{
    handle(SIGCHLD, SIG_DFL, 0);
    handle(SIGWINCH, SIG_DFL, 0);
    handle(SIGURG, SIG_DFL, 0);
    raise(SIGCHLD);
    raise(SIGWINCH);
    raise(SIGURG);
    raise(SIGCONT);
}

TEST(siginfo_of_kill)
{
    handle_info(SIGUSR1, 0);
    kill(getpid(), SIGUSR1);
    EXPECT(EVENTUALLY(count == 1));
    EXPECT_EQ(seen.si_signo, SIGUSR1);
    EXPECT_EQ(seen.si_code, SI_USER);
    EXPECT_EQ(seen.si_pid, getpid());
    EXPECT_EQ(seen.si_uid, getuid());
}

TEST(siginfo_of_tgkill)
{
    handle_info(SIGUSR1, 0);
    EXPECT_OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1));
    EXPECT_EQ(count, 1);
    EXPECT_EQ(seen.si_code, SI_TKILL);
    EXPECT_EQ(seen.si_pid, getpid());
}

TEST(siginfo_of_sigqueue)
{
    handle_info(SIGUSR1, 0);
    EXPECT_OK(sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_ptr = (void *)0x123456789a }));
    EXPECT(EVENTUALLY(count == 1));
    EXPECT_EQ(seen.si_code, SI_QUEUE);
    EXPECT_EQ((long)seen.si_value.sival_ptr, 0x123456789a);
    EXPECT_EQ(seen.si_pid, getpid());
}

TEST(rt_sigqueueinfo_keeps_the_code)
{
    siginfo_t info = { .si_signo = SIGUSR1, .si_code = -77 };
    info.si_value.sival_int = 5;
    handle_info(SIGUSR1, 0);
    EXPECT_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
    EXPECT(EVENTUALLY(count == 1));
    EXPECT_EQ(seen.si_code, -77);
    EXPECT_EQ(seen.si_value.sival_int, 5);
}

TEST(rt_tgsigqueueinfo_reaches_the_thread)
{
    siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
    handle_info(SIGUSR1, 0);
    EXPECT_OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGUSR1, &info));
    EXPECT_EQ(count, 1);
    EXPECT_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGUSR1, BAD), EFAULT);
}

TEST(the_signal_is_blocked_in_its_handler)
{
    handle_info(SIGUSR1, 0);
    raise(SIGUSR1);
    EXPECT(sigismember(&seen_mask, SIGUSR1));
    EXPECT(!sigismember(&seen_mask, SIGUSR2));
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(!sigismember(&now, SIGUSR1));
}

TEST(sa_mask_is_blocked_in_the_handler)
{
    struct sigaction a = { .sa_sigaction = detailed, .sa_flags = SA_SIGINFO };
    sigaddset(&a.sa_mask, SIGUSR2);
    sigaddset(&a.sa_mask, SIGTERM);
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    EXPECT(sigismember(&seen_mask, SIGUSR2));
    EXPECT(sigismember(&seen_mask, SIGTERM));
    EXPECT(!sigismember(&seen_mask, SIGHUP));
}

TEST(nodefer_leaves_the_signal_open)
{
    handle_info(SIGUSR1, SA_NODEFER);
    raise(SIGUSR1);
    EXPECT(!sigismember(&seen_mask, SIGUSR1));
}

static void recurse(int number)
{
    if (++depth > deepest)
        deepest = depth;
    if (depth < 5)
        raise(number);
    depth--;
}

TEST(nodefer_handlers_nest)
{
    handle(SIGUSR1, recurse, SA_NODEFER);
    depth = deepest = 0;
    raise(SIGUSR1);
    EXPECT_EQ(deepest, 5);
    EXPECT_EQ(depth, 0);
}

static void chain(int number)
{
    if (++depth > deepest)
        deepest = depth;
    if (number == SIGUSR1)
        raise(SIGUSR2);
    depth--;
}

TEST(another_signal_nests)
{
    handle(SIGUSR1, chain, 0);
    handle(SIGUSR2, chain, 0);
    depth = deepest = 0;
    raise(SIGUSR1);
    EXPECT_EQ(deepest, 2);
}

TEST(resethand_works_once)
{
    struct sigaction a;
    handle(SIGURG, simple, SA_RESETHAND);
    raise(SIGURG);
    EXPECT_EQ(count, 1);
    sigaction(SIGURG, NULL, &a);
    EXPECT(a.sa_handler == SIG_DFL);
    raise(SIGURG); // ignored by default
    EXPECT_EQ(count, 1);
}

TEST(sigaction_returns_what_was_set)
{
    struct sigaction a = { .sa_sigaction = detailed, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NODEFER }, old;
    sigaddset(&a.sa_mask, SIGHUP);
    EXPECT_OK(sigaction(SIGUSR1, &a, NULL));
    EXPECT_OK(sigaction(SIGUSR1, NULL, &old));
    EXPECT(old.sa_sigaction == detailed);
    EXPECT_EQ(old.sa_flags & ~0x04000000, SA_SIGINFO | SA_RESTART | SA_NODEFER);
    EXPECT(sigismember(&old.sa_mask, SIGHUP));
    EXPECT(!sigismember(&old.sa_mask, SIGINT));
}

TEST(kill_and_stop_cannot_be_caught)
{
    struct sigaction a = { .sa_handler = simple };
    EXPECT_ERRNO(sigaction(SIGKILL, &a, NULL), EINVAL);
    EXPECT_ERRNO(sigaction(SIGSTOP, &a, NULL), EINVAL);
    EXPECT_OK(sigaction(SIGKILL, NULL, &a));
    EXPECT(a.sa_handler == SIG_DFL);
}

TEST(kill_and_stop_cannot_be_blocked)
{
    sigset_t all, now;
    sigfillset(&all);
    EXPECT_OK(sigprocmask(SIG_SETMASK, &all, NULL));
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(!sigismember(&now, SIGKILL));
    EXPECT(!sigismember(&now, SIGSTOP));
    EXPECT(sigismember(&now, SIGTERM));
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

TEST(bad_numbers_and_sizes)
{
    char a[64] = { 0 };
    uint64_t set = 0;
    EXPECT_ERRNO(syscall(SYS_rt_sigaction, 0, NULL, a, 8), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigaction, 65, NULL, a, 8), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, NULL, a, 16), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, BAD, NULL, 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, NULL, BAD, 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigprocmask, 7, &set, NULL, 8), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, BAD, NULL, 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, BAD, 8), EFAULT);
    EXPECT_OK(syscall(SYS_rt_sigprocmask, 7, NULL, &set, 8)); // how is not looked at without a set
    EXPECT_ERRNO(syscall(SYS_rt_sigpending, &set, 16), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigpending, BAD, 8), EFAULT);
}

TEST(kill_errors)
{
    EXPECT_ERRNO(kill(getpid(), 65), EINVAL);
    EXPECT_ERRNO(kill(getpid(), -1), EINVAL);
    EXPECT_OK(kill(getpid(), 0));
    EXPECT_ERRNO(kill(0x3fffffff, 0), ESRCH);
    EXPECT_ERRNO(syscall(SYS_tgkill, getpid(), -1, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_tgkill, 0, 1, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_tgkill, getpid(), 0x3fffffff, 0), ESRCH);
    EXPECT_ERRNO(syscall(SYS_tkill, 0, 0), EINVAL);
    EXPECT_OK(syscall(SYS_tkill, syscall(SYS_gettid), 0));
}

TEST(real_time_signals_queue_in_order)
{
    sigset_t s;
    siginfo_t info;
    struct timespec none = { 0, 0 };
    int number = SIGRTMIN + 2;
    sigemptyset(&s);
    sigaddset(&s, number);
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (int i = 0; i < 10; i++)
        EXPECT_OK(sigqueue(getpid(), number, (union sigval){ .sival_int = i }));
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(sigtimedwait(&s, &info, &none), number);
        EXPECT_EQ(info.si_value.sival_int, i);
    }
    EXPECT_ERRNO(sigtimedwait(&s, &info, &none), EAGAIN);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static int order[16];
static void note_order(int number)
{
    if (count < 16)
        order[count] = number;
    count++;
}

TEST(lower_numbers_come_first)
{
    sigset_t s;
    int numbers[] = { SIGRTMIN + 5, SIGUSR2, SIGRTMIN + 1, SIGHUP, SIGUSR1 };
    sigemptyset(&s);
    for (int i = 0; i < 5; i++) {
        struct sigaction a = { .sa_handler = note_order };
        sigfillset(&a.sa_mask); // so that handlers run one after the other
        sigaction(numbers[i], &a, NULL);
        sigaddset(&s, numbers[i]);
    }
    count = 0;
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (int i = 0; i < 5; i++)
        raise(numbers[i]);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    EXPECT_EQ(count, 5);
    EXPECT_EQ(order[0], SIGHUP);
    EXPECT_EQ(order[1], SIGUSR1);
    EXPECT_EQ(order[2], SIGUSR2);
    EXPECT_EQ(order[3], SIGRTMIN + 1);
    EXPECT_EQ(order[4], SIGRTMIN + 5);
}

TEST(without_masks_the_last_handler_runs_first)
{
    // Frames are stacked before any handler runs, so the highest number's handler is on top.
    sigset_t s;
    int numbers[] = { SIGHUP, SIGUSR1, SIGUSR2 };
    sigemptyset(&s);
    for (int i = 0; i < 3; i++) {
        handle(numbers[i], note_order, 0);
        sigaddset(&s, numbers[i]);
    }
    count = 0;
    sigprocmask(SIG_BLOCK, &s, NULL);
    for (int i = 0; i < 3; i++)
        raise(numbers[i]);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    EXPECT_EQ(order[0], SIGUSR2);
    EXPECT_EQ(order[1], SIGUSR1);
    EXPECT_EQ(order[2], SIGHUP);
}

TEST(dispositions_for_every_signal)
{
    // Python and .NET look at all of them at start.
    struct sigaction a;
    for (int i = 1; i <= 64; i++) {
        if (i == 32 || i == 33)
            continue; // glibc's own
        EXPECT_OK(sigaction(i, NULL, &a));
        if (i == SIGKILL || i == SIGSTOP)
            continue;
        handle(i, simple, 0);
        EXPECT_OK(sigaction(i, NULL, &a));
        EXPECT(a.sa_handler == simple);
        handle(i, SIG_DFL, 0);
    }
}

TEST(real_time_limits)
{
    EXPECT_EQ(SIGRTMAX, 64);
    EXPECT_EQ(SIGRTMIN, 34);
}

MAIN()
