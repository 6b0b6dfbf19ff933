// Pipes, tee, vmsplice, eventfd.
#include "check.h"
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

static int p[2], q[2];
static char buffer[1 << 20];

static void close_both(int *fds)
{
    close(fds[0]);
    close(fds[1]);
}

static volatile sig_atomic_t broken;
static void on_pipe(int number) { (void)number, broken++; }

static void handle_pipe(void (*f)(int))
{
    struct sigaction a = { .sa_handler = f };
    sigaction(SIGPIPE, &a, NULL);
    broken = 0;
}

TEST(bytes_come_in_order)
{
    char b[16];
    REQUIRE(pipe(p) == 0);
    EXPECT_EQ(write(p[1], "abc", 3), 3);
    EXPECT_EQ(write(p[1], "def", 3), 3);
    EXPECT_EQ(read(p[0], b, 4), 4);
    EXPECT_MEM(b, "abcd", 4);
    EXPECT_EQ(read(p[0], b, 16), 2);
    close_both(p);
}

TEST(a_closed_writer_ends_the_stream)
{
    char b[4];
    REQUIRE(pipe(p) == 0);
    EXPECT_EQ(write(p[1], "x", 1), 1);
    close(p[1]);
    EXPECT_EQ(read(p[0], b, 4), 1);
    EXPECT_EQ(read(p[0], b, 4), 0);
    close(p[0]);
}

TEST(a_closed_reader_gives_epipe_and_sigpipe)
{
    REQUIRE(pipe(p) == 0);
    close(p[0]);
    handle_pipe(on_pipe);
    EXPECT_ERRNO(write(p[1], "x", 1), EPIPE);
    EXPECT_EQ(broken, 1);
    handle_pipe(SIG_IGN);
    EXPECT_ERRNO(write(p[1], "x", 1), EPIPE);
    handle_pipe(SIG_DFL);
    close(p[1]);
}

TEST(pipe2_flags)
{
    REQUIRE(pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0);
    EXPECT_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(fcntl(p[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_EQ(fcntl(p[0], F_GETFL) & O_ACCMODE, O_RDONLY);
    EXPECT_EQ(fcntl(p[1], F_GETFL) & O_ACCMODE, O_WRONLY);
    EXPECT_ERRNO(pipe2(q, O_APPEND), EINVAL);
    close_both(p);
}

TEST(wrong_ends)
{
    char b[1];
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(read(p[1], b, 1), EBADF);
    EXPECT_ERRNO(write(p[0], b, 1), EBADF);
    close_both(p);
}

TEST(nonblocking_ends)
{
    char b[1];
    REQUIRE(pipe2(p, O_NONBLOCK) == 0);
    EXPECT_ERRNO(read(p[0], b, 1), EAGAIN);
    EXPECT_EQ(write(p[1], buffer, sizeof buffer), 65536);
    EXPECT_ERRNO(write(p[1], b, 1), EAGAIN);
    close_both(p);
}

TEST(small_writes_are_whole)
{
    REQUIRE(pipe2(p, O_NONBLOCK) == 0);
    EXPECT_EQ(write(p[1], buffer, 65536 - 100), 65536 - 100);
    EXPECT_ERRNO(write(p[1], buffer, PIPE_BUF), EAGAIN);
    close_both(p);
}

TEST(the_size_can_be_set)
{
    REQUIRE(pipe2(p, O_NONBLOCK) == 0);
    EXPECT_EQ(fcntl(p[0], F_GETPIPE_SZ), 65536);
    EXPECT_EQ(fcntl(p[1], F_SETPIPE_SZ, 10000), 16384);
    EXPECT_EQ(fcntl(p[0], F_GETPIPE_SZ), 16384);
    EXPECT_EQ(write(p[1], buffer, sizeof buffer), 16384);
    EXPECT_ERRNO(fcntl(p[1], F_SETPIPE_SZ, 4096), EBUSY);
    EXPECT_EQ(fcntl(p[1], F_SETPIPE_SZ, 1 << 18), 1 << 18);
    EXPECT_EQ(read(p[0], buffer, sizeof buffer), 16384);
    close_both(p);
}

TEST(poll_states)
{
    char b[4];
    REQUIRE(pipe(p) == 0);
    struct pollfd r = { .fd = p[0], .events = POLLIN }, w = { .fd = p[1], .events = POLLOUT };
    EXPECT_EQ(poll(&r, 1, 0), 0);
    EXPECT_EQ(poll(&w, 1, 0), 1);
    EXPECT_EQ(w.revents, POLLOUT);
    EXPECT_EQ(write(p[1], "x", 1), 1);
    EXPECT_EQ(poll(&r, 1, 0), 1);
    EXPECT_EQ(r.revents, POLLIN);
    close(p[1]);
    EXPECT_EQ(poll(&r, 1, 0), 1);
    EXPECT_EQ(r.revents, POLLIN | POLLHUP);
    EXPECT_EQ(read(p[0], b, 4), 1);
    EXPECT_EQ(poll(&r, 1, 0), 1);
    EXPECT_EQ(r.revents, POLLHUP);
    close(p[0]);
    REQUIRE(pipe(p) == 0);
    close(p[0]);
    w.fd = p[1];
    EXPECT_EQ(poll(&w, 1, 0), 1);
    EXPECT_EQ(w.revents, POLLOUT | POLLERR);
    close(p[1]);
}

TEST(zero_length_transfers)
{
    REQUIRE(pipe(p) == 0);
    EXPECT_EQ(write(p[1], "", 0), 0);
    EXPECT_EQ(read(p[0], buffer, 0), 0);
    close_both(p);
}

static void *drain(void *unused)
{
    long total = 0;
    ssize_t n;
    char b[3000];
    (void)unused;
    while ((n = read(p[0], b, sizeof b)) > 0)
        for (ssize_t i = 0; i < n; i++, total++)
            if (b[i] != (char)(total * 7))
                return (void *)-1L;
    return (void *)total;
}

TEST(a_blocked_writer_goes_on)
{
    pthread_t t;
    void *r;
    REQUIRE(pipe(p) == 0);
    for (size_t i = 0; i < sizeof buffer; i++)
        buffer[i] = (char)(i * 7);
    REQUIRE(pthread_create(&t, NULL, drain, NULL) == 0);
    EXPECT_EQ(write(p[1], buffer, sizeof buffer), (ssize_t)sizeof buffer);
    close(p[1]);
    pthread_join(t, &r);
    EXPECT_EQ((long)r - (long)sizeof buffer, 0);
    close(p[0]);
}

static void *close_writer(void *unused)
{
    sleep_ms(3);
    close(p[1]);
    return unused;
}

TEST(a_blocked_reader_sees_the_end)
{
    pthread_t t;
    char c;
    REQUIRE(pipe(p) == 0 && pthread_create(&t, NULL, close_writer, NULL) == 0);
    EXPECT_EQ(read(p[0], &c, 1), 0);
    pthread_join(t, NULL);
    close(p[0]);
}

TEST(tee_duplicates)
{
    char b[8];
    REQUIRE(pipe(p) == 0 && pipe(q) == 0);
    EXPECT_EQ(write(p[1], "hello", 5), 5);
    EXPECT_EQ(tee(p[0], q[1], 100, 0), 5);
    EXPECT_EQ(read(q[0], b, 8), 5);
    EXPECT_MEM(b, "hello", 5);
    EXPECT_EQ(read(p[0], b, 8), 5);
    EXPECT_ERRNO(tee(p[0], q[1], 100, SPLICE_F_NONBLOCK), EAGAIN);
    EXPECT_ERRNO(tee(p[0], p[1], 100, 0), EINVAL);
    close_both(p);
    close_both(q);
}

TEST(splice_between_pipes)
{
    char b[8];
    REQUIRE(pipe(p) == 0 && pipe(q) == 0);
    EXPECT_EQ(write(p[1], "hello", 5), 5);
    EXPECT_EQ(splice(p[0], NULL, q[1], NULL, 3, 0), 3);
    EXPECT_EQ(read(q[0], b, 8), 3);
    EXPECT_EQ(read(p[0], b, 8), 2);
    close_both(p);
    close_both(q);
}

TEST(vmsplice_puts_memory_in_a_pipe)
{
    char b[16], text[] = "some text";
    struct iovec v = { text, 9 };
    REQUIRE(pipe(p) == 0);
    EXPECT_EQ(vmsplice(p[1], &v, 1, 0), 9);
    EXPECT_EQ(read(p[0], b, 16), 9);
    EXPECT_MEM(b, "some text", 9);
    EXPECT_ERRNO(vmsplice(p[1], BAD, 1, 0), EFAULT);
    close_both(p);
}

TEST(a_vector_write_that_runs_into_a_hole)
{
    char *h = page_before_hole(), b[16];
    struct iovec v[] = { { (void *)"abc", 3 }, { h + PAGE, 5 } };
    REQUIRE(h && pipe2(p, O_NONBLOCK) == 0);
    EXPECT_ERRNO(write(p[1], h + PAGE, 5), EFAULT);
    EXPECT_ERRNO(read(p[0], b, 16), EAGAIN);
    (void)v;
    munmap(h, 2 * PAGE);
    close_both(p);
}

TEST(bytes_available)
{
    int n = -1;
    REQUIRE(pipe(p) == 0);
    EXPECT_OK(ioctl(p[0], FIONREAD, &n));
    EXPECT_EQ(n, 0);
    EXPECT_EQ(write(p[1], buffer, 5000), 5000);
    EXPECT_OK(ioctl(p[0], FIONREAD, &n));
    EXPECT_EQ(n, 5000);
    close_both(p);
}

TEST(packet_mode_keeps_boundaries)
{
    char b[16];
    REQUIRE(pipe2(p, O_DIRECT) == 0);
    EXPECT_EQ(write(p[1], "abc", 3), 3);
    EXPECT_EQ(write(p[1], "defg", 4), 4);
    EXPECT_EQ(read(p[0], b, 16), 3);
    EXPECT_EQ(read(p[0], b, 2), 2); // the rest of the packet is lost
    EXPECT_MEM(b, "de", 2);
    close_both(p);
}

TEST(stat_of_a_pipe)
{
    struct stat s;
    REQUIRE(pipe(p) == 0);
    EXPECT_OK(fstat(p[0], &s));
    EXPECT(S_ISFIFO(s.st_mode));
    EXPECT_EQ(s.st_size, 0);
    close_both(p);
}

// ---- eventfd ----

TEST(eventfd_adds_and_resets)
{
    uint64_t v = 0;
    int e = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    REQUIRE(e >= 0);
    v = 4;
    EXPECT_EQ(write(e, &v, 8), 8);
    EXPECT_EQ(read(e, &v, 8), 8);
    EXPECT_EQ(v, 7);
    EXPECT_ERRNO(read(e, &v, 8), EAGAIN);
    close(e);
}

TEST(eventfd_as_a_semaphore)
{
    uint64_t v = 0;
    int e = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    EXPECT_EQ(read(e, &v, 8), 8);
    EXPECT_EQ(v, 1);
    EXPECT_EQ(read(e, &v, 8), 8);
    EXPECT_ERRNO(read(e, &v, 8), EAGAIN);
    close(e);
}

TEST(eventfd_is_bounded)
{
    uint64_t v = UINT64_MAX - 1;
    int e = eventfd(0, EFD_NONBLOCK);
    struct pollfd f = { .fd = e, .events = POLLIN | POLLOUT };
    EXPECT_EQ(poll(&f, 1, 0), 1);
    EXPECT_EQ(f.revents, POLLOUT);
    EXPECT_EQ(write(e, &v, 8), 8);
    EXPECT_EQ(poll(&f, 1, 0), 1);
    EXPECT_EQ(f.revents, POLLIN);
    v = 1;
    EXPECT_ERRNO(write(e, &v, 8), EAGAIN);
    v = UINT64_MAX;
    EXPECT_ERRNO(write(e, &v, 8), EINVAL);
    EXPECT_ERRNO(read(e, &v, 4), EINVAL);
    EXPECT_ERRNO(write(e, &v, 4), EINVAL);
    EXPECT_ERRNO(read(e, BAD, 8), EFAULT);
    EXPECT_ERRNO(eventfd(0, 0x1000), EINVAL);
    close(e);
}

static int event;
static void *signal_event(void *unused)
{
    uint64_t v = 5;
    sleep_ms(3);
    if (write(event, &v, 8) != 8)
        return (void *)1;
    return unused;
}

TEST(eventfd_wakes_a_reader)
{
    uint64_t v = 0;
    pthread_t t;
    event = eventfd(0, 0);
    REQUIRE(pthread_create(&t, NULL, signal_event, NULL) == 0);
    EXPECT_EQ(read(event, &v, 8), 8);
    EXPECT_EQ(v, 5);
    pthread_join(t, NULL);
    close(event);
}

MAIN()
