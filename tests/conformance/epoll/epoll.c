// epoll.
#include "check.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static int ep, p[2];

static bool fresh(void)
{
    ep = epoll_create1(EPOLL_CLOEXEC);
    return ep >= 0 && pipe2(p, O_NONBLOCK) == 0;
}

static void done(void) { close(ep), close(p[0]), close(p[1]); }

static int watch(int fd, uint32_t events, uint64_t data)
{
    struct epoll_event e = { .events = events, .data.u64 = data };
    return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static uint32_t ready(int timeout)
{
    struct epoll_event e = { 0 };
    return epoll_wait(ep, &e, 1, timeout) == 1 ? e.events : 0;
}

static void put(void) { EXPECT_EQ(write(p[1], "x", 1), 1); }
static void take(void) { char c; EXPECT_EQ(read(p[0], &c, 1), 1); }

TEST(level_triggered_repeats)
{
    REQUIRE(fresh() && watch(p[0], EPOLLIN, 5) == 0);
    EXPECT_EQ(ready(0), 0);
    put();
    EXPECT_EQ(ready(0), EPOLLIN);
    EXPECT_EQ(ready(0), EPOLLIN);
    take();
    EXPECT_EQ(ready(0), 0);
    done();
}

TEST(data_comes_back)
{
    struct epoll_event e[4];
    REQUIRE(fresh() && watch(p[1], EPOLLOUT, 0x1122334455667788) == 0);
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 1);
    EXPECT(e[0].data.u64 == 0x1122334455667788);
    done();
}

TEST(edge_triggered_tells_once)
{
    REQUIRE(fresh() && watch(p[0], EPOLLIN | EPOLLET, 0) == 0);
    put();
    EXPECT_EQ(ready(0), EPOLLIN);
    EXPECT_EQ(ready(0), 0);
    put();
    EXPECT_EQ(ready(0), EPOLLIN);
    done();
}

TEST(oneshot_needs_rearming)
{
    struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT };
    REQUIRE(fresh() && watch(p[0], EPOLLIN | EPOLLONESHOT, 0) == 0);
    put();
    EXPECT_EQ(ready(0), EPOLLIN);
    put();
    EXPECT_EQ(ready(0), 0);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e));
    EXPECT_EQ(ready(0), EPOLLIN);
    done();
}

TEST(modify_and_delete)
{
    struct epoll_event e = { .events = EPOLLOUT };
    REQUIRE(fresh() && watch(p[1], EPOLLIN, 0) == 0);
    EXPECT_EQ(ready(0), 0);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &e));
    EXPECT_EQ(ready(0), EPOLLOUT);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL));
    EXPECT_EQ(ready(0), 0);
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL), ENOENT);
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &e), ENOENT);
    done();
}

TEST(hang_up_is_always_told)
{
    REQUIRE(fresh() && watch(p[0], 0, 0) == 0);
    EXPECT_EQ(ready(0), 0);
    close(p[1]);
    EXPECT_EQ(ready(0), EPOLLHUP);
    close(p[0]);
    close(ep);
}

TEST(rdhup_of_a_socket)
{
    int s[2];
    REQUIRE(fresh() && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && watch(s[0], EPOLLIN | EPOLLRDHUP, 0) == 0);
    shutdown(s[1], SHUT_WR);
    EXPECT_EQ(ready(0), EPOLLIN | EPOLLRDHUP);
    close(s[1]);
    EXPECT_EQ(ready(0), EPOLLIN | EPOLLRDHUP | EPOLLHUP);
    close(s[0]);
    done();
}

TEST(closing_removes)
{
    REQUIRE(fresh() && watch(p[1], EPOLLOUT, 0) == 0);
    close(p[1]);
    EXPECT_EQ(ready(0), 0);
    close(p[0]);
    close(ep);
}

TEST(a_duplicate_keeps_it_watched)
{
    REQUIRE(fresh() && watch(p[1], EPOLLOUT, 9) == 0);
    int copy = dup(p[1]);
    close(p[1]);
    EXPECT_EQ(ready(0), EPOLLOUT);
    close(copy);
    EXPECT_EQ(ready(0), 0);
    close(p[0]);
    close(ep);
}

TEST(nested_sets)
{
    REQUIRE(fresh() && watch(p[0], EPOLLIN, 0) == 0);
    int inner = ep;
    ep = epoll_create1(0);
    EXPECT_OK(watch(inner, EPOLLIN, 0));
    EXPECT_EQ(ready(0), 0);
    put();
    EXPECT_EQ(ready(0), EPOLLIN);
    struct pollfd f = { .fd = inner, .events = POLLIN };
    EXPECT_EQ(poll(&f, 1, 0), 1);
    close(inner);
    done();
}

TEST(a_set_cannot_hold_itself)
{
    REQUIRE(fresh());
    EXPECT_ERRNO(watch(ep, EPOLLIN, 0), EINVAL);
    int other = epoll_create1(0);
    EXPECT_OK(watch(other, EPOLLIN, 0));
    struct epoll_event e = { .events = EPOLLIN };
    EXPECT_ERRNO(epoll_ctl(other, EPOLL_CTL_ADD, ep, &e), ELOOP);
    close(other);
    done();
}

TEST(ctl_errors)
{
    struct epoll_event e = { .events = EPOLLIN };
    int file = temp_file();
    REQUIRE(fresh() && watch(p[0], EPOLLIN, 0) == 0);
    EXPECT_ERRNO(watch(p[0], EPOLLIN, 0), EEXIST);
    EXPECT_ERRNO(watch(9999, EPOLLIN, 0), EBADF);
    EXPECT_ERRNO(watch(file, EPOLLIN, 0), EPERM);
    EXPECT_ERRNO(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &e), EINVAL);
    EXPECT_ERRNO(epoll_ctl(-1, EPOLL_CTL_ADD, p[1], &e), EBADF);
    EXPECT_ERRNO(epoll_ctl(ep, 99, p[1], &e), EINVAL);
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, p[1], BAD), EFAULT);
    close(file);
    done();
}

TEST(wait_errors)
{
    struct epoll_event e;
    REQUIRE(fresh());
    EXPECT_ERRNO(epoll_wait(ep, &e, 0, 0), EINVAL);
    EXPECT_ERRNO(epoll_wait(ep, &e, -1, 0), EINVAL);
    EXPECT_ERRNO(epoll_wait(p[0], &e, 1, 0), EINVAL);
    EXPECT_ERRNO(epoll_wait(9999, &e, 1, 0), EBADF);
    EXPECT_ERRNO(epoll_create(0), EINVAL);
    EXPECT_ERRNO(epoll_create1(0x1234), EINVAL);
    done();
}

TEST(exclusive_rules)
{
    struct epoll_event e = { .events = EPOLLIN };
    REQUIRE(fresh());
    EXPECT_OK(watch(p[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e), EINVAL);
    EXPECT_ERRNO(watch(p[1], EPOLLOUT | EPOLLEXCLUSIVE | EPOLLONESHOT, 0), EINVAL);
    put();
    EXPECT_EQ(ready(0), EPOLLIN);
    done();
}

TEST(wait_times_out)
{
    REQUIRE(fresh());
    int64_t before = now_ns();
    EXPECT_EQ(ready(5), 0);
    EXPECT(now_ns() - before >= 4900000);
    done();
}

static void *wake(void *unused)
{
    sleep_ms(4);
    put();
    return unused;
}

TEST(wait_wakes_on_an_event)
{
    pthread_t t;
    REQUIRE(fresh() && watch(p[0], EPOLLIN, 0) == 0 && pthread_create(&t, NULL, wake, NULL) == 0);
    EXPECT_EQ(ready(-1), EPOLLIN);
    pthread_join(t, NULL);
    done();
}

static void *add_later(void *unused)
{
    sleep_ms(4);
    watch(p[1], EPOLLOUT, 0);
    return unused;
}

TEST(an_addition_wakes_a_waiter)
{
    pthread_t t;
    REQUIRE(fresh() && pthread_create(&t, NULL, add_later, NULL) == 0);
    EXPECT_EQ(ready(5000), EPOLLOUT);
    pthread_join(t, NULL);
    done();
}

static volatile sig_atomic_t signals;
static void note(int number) { (void)number, signals++; }

TEST(pwait_swaps_the_mask)
{
    sigset_t block, open;
    struct epoll_event e;
    struct sigaction a = { .sa_handler = note };
    REQUIRE(fresh());
    sigaction(SIGUSR1, &a, NULL);
    sigemptyset(&open);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    signals = 0;
    EXPECT_ERRNO(epoll_pwait(ep, &e, 1, 5000, &open), EINTR);
    EXPECT_EQ(signals, 1);
    sigprocmask(SIG_UNBLOCK, &block, NULL);
    done();
}

TEST(pwait2_takes_nanoseconds)
{
    struct epoll_event e;
    struct timespec t = { 0, 2000000 };
    REQUIRE(fresh());
    int64_t before = now_ns();
    EXPECT_EQ(syscall(441 /* epoll_pwait2 */, ep, &e, 1, &t, NULL, 0), 0);
    EXPECT(now_ns() - before >= 2000000);
    t.tv_nsec = -1;
    EXPECT_ERRNO(syscall(441, ep, &e, 1, &t, NULL, 0), EINVAL);
    done();
}

TEST(many_events_are_shared_out)
{
    enum { N = 20 };
    int fds[N];
    struct epoll_event e[8];
    uint64_t seen = 0;
    REQUIRE(fresh());
    for (int i = 0; i < N; i++) {
        fds[i] = eventfd(1, 0);
        EXPECT_OK(watch(fds[i], EPOLLIN, (uint64_t)i));
    }
    for (int round = 0; round < 6; round++) { // ready ones rotate, so none starves
        EXPECT_EQ(epoll_wait(ep, e, 8, 0), 8);
        for (int i = 0; i < 8; i++)
            seen |= 1UL << e[i].data.u64;
    }
    EXPECT(seen == (1UL << N) - 1);
    for (int i = 0; i < N; i++)
        close(fds[i]);
    done();
}

TEST(edge_triggered_output_of_a_socket)
{
    int s[2];
    static char data[1 << 16];
    REQUIRE(fresh() && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s) == 0 && watch(s[0], EPOLLOUT | EPOLLET, 0) == 0);
    EXPECT_EQ(ready(0), EPOLLOUT);
    while (write(s[0], data, sizeof data) > 0)
        ;
    EXPECT_EQ(errno, EAGAIN);
    EXPECT_EQ(ready(0), 0);
    while (read(s[1], data, sizeof data) > 0)
        ;
    EXPECT_EQ(ready(1000), EPOLLOUT);
    close(s[0]);
    close(s[1]);
    done();
}

TEST(a_duplicate_is_an_entry_of_its_own)
{
    struct epoll_event e[4], out = { .events = EPOLLOUT };
    REQUIRE(fresh());
    int d = dup(p[0]);
    EXPECT_OK(watch(p[0], EPOLLIN, 1));
    EXPECT_OK(watch(d, EPOLLIN, 2));
    EXPECT_ERRNO(watch(d, EPOLLIN, 3), EEXIST);
    put();
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 2);
    EXPECT(e[0].data.u64 + e[1].data.u64 == 3);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_MOD, d, &out));
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 1);
    EXPECT(e[0].data.u64 == 1);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL), ENOENT);
    EXPECT_OK(watch(p[0], EPOLLIN, 5));
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_DEL, d, NULL));
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, d, &out), ENOENT);
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 1);
    EXPECT(e[0].data.u64 == 5);
    close(d);
    done();
}

TEST(an_entry_outlives_its_number_while_a_duplicate_is_open)
{
    struct epoll_event e[4];
    REQUIRE(fresh());
    int first = dup(p[0]), second = dup(p[0]), number = first;
    EXPECT_OK(watch(first, EPOLLIN, 7));
    EXPECT_OK(watch(second, EPOLLIN, 8));
    close(first);
    put();
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 2);
    EXPECT_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, number, NULL), EBADF);
    EXPECT_EQ(dup2(p[0], number), number);
    EXPECT_ERRNO(watch(number, EPOLLIN, 9), EEXIST);
    close(number), close(second), close(p[0]);
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 0);
    done();
}

TEST(a_number_used_again_for_another_file_is_another_entry)
{
    struct epoll_event e[4];
    REQUIRE(fresh());
    int d = dup(p[0]), other = eventfd(1, EFD_NONBLOCK);
    EXPECT_OK(watch(d, EPOLLIN, 1));
    EXPECT_EQ(dup2(other, d), d);
    EXPECT_OK(watch(d, EPOLLIN, 2));
    put();
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 2);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_DEL, d, NULL));
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 1);
    EXPECT(e[0].data.u64 == 1);
    close(d), close(other);
    done();
}

TEST(duplicates_in_two_sets)
{
    struct epoll_event e[4];
    REQUIRE(fresh());
    int d = dup(p[0]), ep2 = epoll_create1(0);
    struct epoll_event in = { .events = EPOLLIN, .data.u64 = 4 };
    EXPECT_OK(watch(p[0], EPOLLIN, 1));
    EXPECT_OK(epoll_ctl(ep2, EPOLL_CTL_ADD, d, &in));
    EXPECT_OK(watch(d, EPOLLIN, 2));
    put();
    EXPECT_EQ(epoll_wait(ep, e, 4, 0), 2);
    EXPECT_EQ(epoll_wait(ep2, e, 4, 0), 1);
    EXPECT_OK(epoll_ctl(ep, EPOLL_CTL_DEL, d, NULL));
    EXPECT_OK(epoll_ctl(ep2, EPOLL_CTL_MOD, d, &in));
    EXPECT_EQ(epoll_wait(ep2, e, 4, 0), 1);
    close(d), close(ep2);
    done();
}

MAIN()
