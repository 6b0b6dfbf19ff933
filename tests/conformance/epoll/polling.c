// poll, ppoll, select, pselect.
#include "check.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>

static int p[2];

static bool fresh(void) { return pipe(p) == 0; }
static void done(void) { close(p[0]), close(p[1]); }

TEST(poll_of_nothing_times_out)
{
    int64_t before = now_ns();
    EXPECT_EQ(poll(NULL, 0, 5), 0);
    EXPECT(now_ns() - before >= 5000000);
}

TEST(negative_descriptors_are_skipped)
{
    REQUIRE(fresh());
    struct pollfd f[3] = { { .fd = -1, .events = POLLIN, .revents = 77 }, { .fd = p[1], .events = POLLOUT }, { .fd = -5, .events = POLLIN } };
    EXPECT_EQ(poll(f, 3, 0), 1);
    EXPECT_EQ(f[0].revents, 0);
    EXPECT_EQ(f[1].revents, POLLOUT);
    done();
}

TEST(closed_descriptors_are_pollnval)
{
    struct pollfd f = { .fd = 9999, .events = POLLIN };
    EXPECT_EQ(poll(&f, 1, 1000), 1);
    EXPECT_EQ(f.revents, POLLNVAL);
}

TEST(files_are_always_ready)
{
    struct pollfd f = { .fd = temp_file(), .events = POLLIN | POLLOUT };
    EXPECT_EQ(poll(&f, 1, 0), 1);
    EXPECT_EQ(f.revents, POLLIN | POLLOUT);
    close(f.fd);
}

static void *write_later(void *unused)
{
    sleep_ms(4);
    return write(p[1], "x", 1) == 1 ? unused : (void *)1;
}

TEST(poll_wakes_on_data)
{
    pthread_t t;
    REQUIRE(fresh() && pthread_create(&t, NULL, write_later, NULL) == 0);
    struct pollfd f = { .fd = p[0], .events = POLLIN };
    EXPECT_EQ(poll(&f, 1, 5000), 1);
    EXPECT_EQ(f.revents, POLLIN);
    pthread_join(t, NULL);
    done();
}

TEST(poll_with_an_endless_timeout)
{
    pthread_t t;
    REQUIRE(fresh() && pthread_create(&t, NULL, write_later, NULL) == 0);
    struct pollfd f = { .fd = p[0], .events = POLLIN };
    EXPECT_EQ(poll(&f, 1, -1), 1);
    pthread_join(t, NULL);
    done();
}

TEST(poll_errors)
{
    struct pollfd f[1] = { { .fd = 0 } };
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    EXPECT_ERRNO(poll(BAD, 1, 0), EFAULT);
    EXPECT_ERRNO(syscall(SYS_poll, f, (unsigned)limit.rlim_cur + 1, 0), EINVAL);
}

static volatile sig_atomic_t signals;
static void note(int number) { (void)number, signals++; }

TEST(ppoll_swaps_the_mask)
{
    sigset_t block, open;
    struct sigaction a = { .sa_handler = note };
    struct timespec t = { 5, 0 };
    sigaction(SIGUSR1, &a, NULL);
    sigemptyset(&open);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    signals = 0;
    EXPECT_ERRNO(ppoll(NULL, 0, &t, &open), EINTR);
    EXPECT_EQ(signals, 1);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    EXPECT(sigismember(&now, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &block, NULL);
}

TEST(ppoll_timeouts)
{
    struct timespec t = { 0, 3000000 }, bad = { 0, 1000000000 };
    int64_t before = now_ns();
    EXPECT_EQ(ppoll(NULL, 0, &t, NULL), 0);
    EXPECT(now_ns() - before >= 3000000);
    EXPECT_ERRNO(ppoll(NULL, 0, &bad, NULL), EINVAL);
    bad = (struct timespec){ -1, 0 };
    EXPECT_ERRNO(ppoll(NULL, 0, &bad, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_ppoll, NULL, 0, NULL, &bad, 4), EINVAL);
}

TEST(raw_ppoll_writes_back_what_is_left)
{
    struct timespec t = { 10, 0 };
    REQUIRE(fresh());
    struct pollfd f = { .fd = p[1], .events = POLLOUT };
    EXPECT_EQ(syscall(SYS_ppoll, &f, 1, &t, NULL, 8), 1);
    EXPECT(t.tv_sec <= 10 && t.tv_sec > 0 && (t.tv_sec < 10 || t.tv_nsec == 0));
    done();
}

TEST(select_reports_sets)
{
    fd_set r, w;
    struct timeval t = { 0, 0 };
    REQUIRE(fresh());
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(p[0], &r);
    FD_SET(p[1], &w);
    EXPECT_EQ(select(p[1] + 1, &r, &w, NULL, &t), 1);
    EXPECT(!FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
    EXPECT_EQ(write(p[1], "x", 1), 1);
    FD_SET(p[0], &r);
    EXPECT_EQ(select(p[1] + 1, &r, &w, NULL, NULL), 2);
    EXPECT(FD_ISSET(p[0], &r) && FD_ISSET(p[1], &w));
    done();
}

TEST(select_times_out_and_counts_down)
{
    struct timeval t = { 0, 4000 };
    fd_set r;
    REQUIRE(fresh());
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    int64_t before = now_ns();
    EXPECT_EQ(select(p[0] + 1, &r, NULL, NULL, &t), 0);
    EXPECT(now_ns() - before >= 4000000);
    EXPECT(t.tv_sec == 0 && t.tv_usec == 0);
    EXPECT(!FD_ISSET(p[0], &r));
    done();
}

TEST(select_errors)
{
    fd_set r;
    struct timeval t = { -1, 0 };
    REQUIRE(fresh());
    done();
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    EXPECT_ERRNO(select(p[0] + 1, &r, NULL, NULL, NULL), EBADF);
    EXPECT_ERRNO(select(-1, NULL, NULL, NULL, NULL), EINVAL);
    EXPECT_ERRNO(select(0, NULL, NULL, NULL, &t), EINVAL);
}

TEST(pselect_swaps_the_mask)
{
    sigset_t block, open;
    struct sigaction a = { .sa_handler = note };
    struct timespec t = { 5, 0 };
    sigaction(SIGUSR2, &a, NULL);
    sigemptyset(&open);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR2);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR2);
    signals = 0;
    EXPECT_ERRNO(pselect(0, NULL, NULL, NULL, &t, &open), EINTR);
    EXPECT_EQ(signals, 1);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
}

TEST(many_descriptors)
{
    enum { N = 200 };
    struct pollfd f[N];
    REQUIRE(fresh());
    for (int i = 0; i < N; i++)
        f[i] = (struct pollfd){ .fd = dup(p[i % 2]), .events = POLLIN | POLLOUT };
    EXPECT_EQ(poll(f, N, 0), N / 2);
    for (int i = 0; i < N; i++)
        close(f[i].fd);
    done();
}

MAIN()
