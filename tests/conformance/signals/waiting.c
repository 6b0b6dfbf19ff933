// sigsuspend, pause, sigwait and its kin, signalfd.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <sys/syscall.h>

static volatile sig_atomic_t count;
static void simple(int number) { (void)number, count++; }

static sigset_t set_of(int a, int b)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, a);
    if (b)
        sigaddset(&s, b);
    return s;
}

static void catch(int number)
{
    struct sigaction a = { .sa_handler = simple };
    sigaction(number, &a, NULL);
    count = 0;
}

struct later {
    pthread_t to;
    int number;
};

static void *send_later(void *p)
{
    struct later *l = p;
    sleep_ms(30);
    pthread_kill(l->to, l->number);
    return NULL;
}

static pthread_t start_sender(struct later *l, int number)
{
    pthread_t t;
    l->to = pthread_self();
    l->number = number;
    pthread_create(&t, NULL, send_later, l);
    return t;
}

TEST(sigsuspend_takes_a_pending_signal)
{
    sigset_t s = set_of(SIGUSR1, 0), old, now;
    catch(SIGUSR1);
    sigprocmask(SIG_BLOCK, &s, &old);
    raise(SIGUSR1);
    EXPECT_ERRNO(sigsuspend(&old), EINTR);
    EXPECT_EQ(count, 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(sigismember(&now, SIGUSR1)); // the mask is back
    sigprocmask(SIG_SETMASK, &old, NULL);
}

TEST(sigsuspend_waits)
{
    struct later l;
    sigset_t s = set_of(SIGUSR1, 0), old;
    catch(SIGUSR1);
    sigprocmask(SIG_BLOCK, &s, &old);
    pthread_t t = start_sender(&l, SIGUSR1);
    EXPECT_ERRNO(sigsuspend(&old), EINTR);
    EXPECT_EQ(count, 1);
    pthread_join(t, NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

TEST(sigsuspend_refuses_bad_arguments)
{
    EXPECT_ERRNO(syscall(SYS_rt_sigsuspend, BAD, 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_rt_sigsuspend, &count, 4), EINVAL);
}

TEST(pause_ends_with_eintr)
{
    struct later l;
    catch(SIGUSR2);
    pthread_t t = start_sender(&l, SIGUSR2);
    EXPECT_ERRNO(pause(), EINTR);
    EXPECT_EQ(count, 1);
    pthread_join(t, NULL);
}

TEST(sigwait_takes_without_a_handler)
{
    sigset_t s = set_of(SIGUSR1, SIGUSR2);
    int number = 0;
    catch(SIGUSR2);
    sigprocmask(SIG_BLOCK, &s, NULL);
    raise(SIGUSR2);
    EXPECT_EQ(sigwait(&s, &number), 0);
    EXPECT_EQ(number, SIGUSR2);
    EXPECT_EQ(count, 0);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
    EXPECT_EQ(count, 0);
}

TEST(sigtimedwait_times_out)
{
    sigset_t s = set_of(SIGUSR1, 0);
    siginfo_t info;
    struct timespec t = { 0, 5000000 };
    sigprocmask(SIG_BLOCK, &s, NULL);
    int64_t before = now_ns();
    EXPECT_ERRNO(sigtimedwait(&s, &info, &t), EAGAIN);
    EXPECT(now_ns() - before >= 5000000);
    t.tv_nsec = 1000000000;
    EXPECT_ERRNO(sigtimedwait(&s, &info, &t), EINVAL);
    EXPECT_ERRNO(syscall(SYS_rt_sigtimedwait, BAD, &info, &t, 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_rt_sigtimedwait, &s, &info, BAD, 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_rt_sigtimedwait, &s, &info, NULL, 9), EINVAL);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(sigtimedwait_is_woken_by_an_arrival)
{
    sigset_t s = set_of(SIGUSR1, 0);
    siginfo_t info;
    struct timespec t = { 5, 0 };
    struct later l;
    sigprocmask(SIG_BLOCK, &s, NULL);
    pthread_t sender = start_sender(&l, SIGUSR1);
    // glibc's wrapper turns SI_TKILL into SI_USER.
    EXPECT_EQ(syscall(SYS_rt_sigtimedwait, &s, &info, &t, 8), SIGUSR1);
    EXPECT_EQ(info.si_code, SI_TKILL);
    pthread_join(sender, NULL);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(sigtimedwait_is_interrupted_by_another_signal)
{
    sigset_t s = set_of(SIGUSR1, 0);
    struct timespec t = { 5, 0 };
    struct later l;
    catch(SIGUSR2);
    sigprocmask(SIG_BLOCK, &s, NULL);
    pthread_t sender = start_sender(&l, SIGUSR2);
    EXPECT_ERRNO(sigtimedwait(&s, NULL, &t), EINTR);
    EXPECT_EQ(count, 1);
    pthread_join(sender, NULL);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(a_process_signal_reaches_the_waiting_thread)
{
    // Blocked here, waited for here: kill() of the process must end the wait.
    sigset_t s = set_of(SIGUSR1, 0);
    int number = 0;
    sigprocmask(SIG_BLOCK, &s, NULL);
    kill(getpid(), SIGUSR1);
    EXPECT_EQ(sigwait(&s, &number), 0);
    EXPECT_EQ(number, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(signalfd_reads_a_signal)
{
    sigset_t s = set_of(SIGUSR1, SIGRTMIN + 3);
    struct signalfd_siginfo info[3];
    sigprocmask(SIG_BLOCK, &s, NULL);
    int fd = signalfd(-1, &s, SFD_NONBLOCK | SFD_CLOEXEC);
    REQUIRE(fd >= 0);
    EXPECT_ERRNO(read(fd, info, sizeof info), EAGAIN);
    kill(getpid(), SIGUSR1);
    sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = 44 });
    EXPECT_EQ(read(fd, info, sizeof info), 2 * (long)sizeof *info);
    EXPECT_EQ(info[0].ssi_signo, SIGUSR1);
    EXPECT_EQ(info[0].ssi_code, SI_USER);
    EXPECT_EQ(info[0].ssi_pid, getpid());
    EXPECT_EQ(info[0].ssi_uid, getuid());
    EXPECT_EQ(info[1].ssi_signo, SIGRTMIN + 3);
    EXPECT_EQ(info[1].ssi_code, SI_QUEUE);
    EXPECT_EQ(info[1].ssi_int, 44);
    EXPECT_ERRNO(read(fd, info, 100), EINVAL);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(signalfd_polls)
{
    sigset_t s = set_of(SIGUSR1, 0);
    struct signalfd_siginfo info;
    sigprocmask(SIG_BLOCK, &s, NULL);
    int fd = signalfd(-1, &s, 0), ep = epoll_create1(0);
    REQUIRE(fd >= 0 && ep >= 0);
    struct epoll_event e = { .events = EPOLLIN };
    struct pollfd p = { .fd = fd, .events = POLLIN };
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
    EXPECT_EQ(poll(&p, 1, 0), 0);
    raise(SIGUSR1);
    EXPECT_EQ(poll(&p, 1, 1000), 1);
    EXPECT_EQ(p.revents, POLLIN);
    EXPECT_EQ(epoll_wait(ep, &e, 1, 1000), 1);
    EXPECT_EQ(read(fd, &info, sizeof info), (long)sizeof info);
    EXPECT_EQ(info.ssi_signo, SIGUSR1);
    EXPECT_EQ(poll(&p, 1, 0), 0);
    close(ep);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(signalfd_blocks_until_a_signal)
{
    sigset_t s = set_of(SIGUSR1, 0);
    struct signalfd_siginfo info;
    struct later l;
    sigprocmask(SIG_BLOCK, &s, NULL);
    int fd = signalfd(-1, &s, 0);
    pthread_t t = start_sender(&l, SIGUSR1);
    EXPECT_EQ(read(fd, &info, sizeof info), (long)sizeof info);
    EXPECT_EQ(info.ssi_signo, SIGUSR1);
    pthread_join(t, NULL);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(signalfd_mask_can_be_changed)
{
    sigset_t a = set_of(SIGUSR1, 0), b = set_of(SIGUSR2, 0), both = set_of(SIGUSR1, SIGUSR2);
    struct signalfd_siginfo info;
    sigprocmask(SIG_BLOCK, &both, NULL);
    int fd = signalfd(-1, &a, SFD_NONBLOCK);
    EXPECT_EQ(signalfd(fd, &b, 0), fd);
    raise(SIGUSR1);
    EXPECT_ERRNO(read(fd, &info, sizeof info), EAGAIN);
    raise(SIGUSR2);
    EXPECT_EQ(read(fd, &info, sizeof info), (long)sizeof info);
    EXPECT_EQ(info.ssi_signo, SIGUSR2);
    int number;
    sigwait(&a, &number);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &both, NULL);
}

TEST(signalfd_refuses)
{
    sigset_t s = set_of(SIGUSR1, 0);
    int p[2];
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(signalfd(p[0], &s, 0), EINVAL);
    EXPECT_ERRNO(signalfd(999, &s, 0), EBADF);
    EXPECT_ERRNO(signalfd(-1, &s, 0x12345), EINVAL);
    EXPECT_ERRNO(syscall(SYS_signalfd4, -1, &s, 4, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_signalfd4, -1, BAD, 8, 0), EFAULT);
    close(p[0]);
    close(p[1]);
}

TEST(signalfd_reads_into_vectors)
{
    sigset_t s = set_of(SIGUSR1, SIGUSR2);
    char bytes[3][100];
    struct signalfd_siginfo info[2];
    sigprocmask(SIG_BLOCK, &s, NULL);
    int fd = signalfd(-1, &s, SFD_NONBLOCK);
    struct iovec parts[] = { { info, 200 }, { NULL, 0 }, { (char *)info + 200, 56 } };
    kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR2);
    EXPECT_EQ(readv(fd, parts, 3), 2 * (long)sizeof *info);
    EXPECT_EQ(info[0].ssi_signo, SIGUSR1);
    EXPECT_EQ(info[1].ssi_signo, SIGUSR2);
    EXPECT_ERRNO(readv(fd, parts, 3), EAGAIN);
    EXPECT_ERRNO(write(fd, bytes, sizeof bytes), EINVAL);
    EXPECT_ERRNO(pread(fd, info, sizeof info, 0), ESPIPE);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(signalfd_tells_fields_by_their_kind)
{
    sigset_t s = set_of(SIGCHLD, SIGRTMIN);
    struct signalfd_siginfo info;
    sigprocmask(SIG_BLOCK, &s, NULL);
    int fd = signalfd(-1, &s, SFD_NONBLOCK);
    siginfo_t sent = { .si_signo = SIGCHLD, .si_code = CLD_EXITED };
    sent.si_pid = 11, sent.si_uid = 12, sent.si_status = 13, sent.si_utime = 14, sent.si_stime = 15;
    EXPECT_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &sent));
    EXPECT_EQ(read(fd, &info, sizeof info), (long)sizeof info);
    EXPECT(info.ssi_pid == 11 && info.ssi_uid == 12 && info.ssi_status == 13 && info.ssi_utime == 14 && info.ssi_stime == 15);
    siginfo_t polled = { .si_signo = SIGRTMIN, .si_code = SI_SIGIO };
    polled.si_band = 0x41, polled.si_fd = 9;
    EXPECT_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, &polled));
    EXPECT_EQ(read(fd, &info, sizeof info), (long)sizeof info);
    EXPECT(info.ssi_band == 0x41 && info.ssi_fd == 9 && info.ssi_pid == 0);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

struct reader {
    int fd, number;
    pthread_t thread;
};

static void *read_one(void *argument)
{
    struct reader *r = argument;
    struct signalfd_siginfo info;
    if (read(r->fd, &info, sizeof info) == (long)sizeof info)
        r->number = (int)info.ssi_signo;
    return NULL;
}

TEST(signalfd_serves_two_readers)
{
    sigset_t s = set_of(SIGUSR1, SIGUSR2);
    sigprocmask(SIG_BLOCK, &s, NULL);
    struct reader r[2] = { 0 };
    int fd = signalfd(-1, &s, 0);
    for (int i = 0; i < 2; i++) {
        r[i].fd = fd;
        pthread_create(&r[i].thread, NULL, read_one, &r[i]);
    }
    usleep(5000);
    kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR2);
    pthread_join(r[0].thread, NULL), pthread_join(r[1].thread, NULL);
    EXPECT_EQ(r[0].number + r[1].number, SIGUSR1 + SIGUSR2);
    close(fd);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(signalfd_wakes_its_reader_when_the_mask_grows)
{
    sigset_t a = set_of(SIGUSR1, 0), both = set_of(SIGUSR1, SIGUSR2);
    sigprocmask(SIG_BLOCK, &both, NULL);
    struct reader r = { .fd = signalfd(-1, &a, 0) };
    pthread_create(&r.thread, NULL, read_one, &r);
    usleep(5000);
    kill(getpid(), SIGUSR2);
    usleep(2000);
    EXPECT_EQ(signalfd(r.fd, &both, 0), r.fd);
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.number, SIGUSR2);
    close(r.fd);
    sigprocmask(SIG_UNBLOCK, &both, NULL);
}

static void *signal_itself(void *argument)
{
    sigset_t s = set_of(SIGUSR1, 0);
    int *ends = argument, number;
    char c;
    pthread_kill(pthread_self(), SIGUSR1);
    if (write(ends[1], "x", 1) == 1 && read(ends[2], &c, 1) == 1)
        sigwait(&s, &number);
    return NULL;
}

TEST(signalfd_knows_nothing_of_another_threads_signals)
{
    sigset_t s = set_of(SIGUSR1, 0);
    struct signalfd_siginfo info;
    int ends[4];
    char c;
    pthread_t t;
    sigprocmask(SIG_BLOCK, &s, NULL);
    REQUIRE(pipe(ends) == 0 && pipe(ends + 2) == 0);
    int fd = signalfd(-1, &s, SFD_NONBLOCK);
    pthread_create(&t, NULL, signal_itself, ends);
    EXPECT_EQ(read(ends[0], &c, 1), 1);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    EXPECT_EQ(poll(&p, 1, 0), 0);
    EXPECT_ERRNO(read(fd, &info, sizeof info), EAGAIN);
    EXPECT_EQ(write(ends[3], "x", 1), 1);
    pthread_join(t, NULL);
    close(fd), close(ends[0]), close(ends[1]), close(ends[2]), close(ends[3]);
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

MAIN()
