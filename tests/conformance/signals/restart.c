// Blocking calls that a signal interrupts: EINTR without SA_RESTART, resumed with it where Linux resumes.
#include "check.h"
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/socket.h>

static atomic_int signals;
static void simple(int number) { (void)number, atomic_fetch_add(&signals, 1); }

static int fds[2];
static char byte;

// One blocking call on its own thread, a signal to it, then what ends the call.
struct run {
    long (*call)(void);
    pthread_t thread;
    atomic_int tid, done;
    long result;
    int error;
};

static void *body(void *p)
{
    struct run *r = p;
    atomic_store(&r->tid, (int)syscall(SYS_gettid));
    errno = 0;
    r->result = r->call();
    r->error = errno;
    atomic_store(&r->done, 1);
    return NULL;
}

static bool interrupt(struct run *r, long (*call)(void), int flags)
{
    struct sigaction a = { .sa_handler = simple, .sa_flags = flags };
    memset(r, 0, sizeof *r);
    r->call = call;
    sigaction(SIGUSR1, &a, NULL);
    atomic_store(&signals, 0);
    if (pthread_create(&r->thread, NULL, body, r) != 0 || !EVENTUALLY(atomic_load(&r->tid) != 0))
        return false;
    settled(r->tid);
    pthread_kill(r->thread, SIGUSR1);
    return EVENTUALLY(atomic_load(&signals) == 1);
}

static void expect_eintr(const char *file, int line, long (*call)(void), int flags)
{
    struct run r;
    bool sent = interrupt(&r, call, flags);
    pthread_join(r.thread, NULL);
    if (!sent || r.result != -1 || r.error != EINTR)
        check_fail(file, line, "answered %d with errno %d", r.result < 0 ? -1 : r.result > 0, r.error);
}

#define EXPECT_EINTR(CALL, FLAGS) expect_eintr(__FILE__, __LINE__, CALL, FLAGS)

static long do_read(void) { return read(fds[0], &byte, 1); }
static long do_nanosleep(void) { return nanosleep(&(struct timespec){ 5, 0 }, NULL); }
static long do_poll(void) { return poll(&(struct pollfd){ .fd = fds[0], .events = POLLIN }, 1, 5000); }
static long do_recv(void) { return recv(fds[0], &byte, 1, 0); }
static long do_accept(void) { return accept(fds[0], NULL, NULL); }

static long do_select(void)
{
    fd_set s;
    FD_ZERO(&s);
    FD_SET(fds[0], &s);
    return select(fds[0] + 1, &s, NULL, NULL, &(struct timeval){ 5, 0 });
}

static long do_epoll(void)
{
    int ep = epoll_create1(0);
    struct epoll_event e = { .events = EPOLLIN };
    epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e);
    long r = epoll_wait(ep, &e, 1, 5000);
    int saved = errno;
    close(ep);
    errno = saved;
    return r;
}

TEST(read_of_a_pipe_gives_eintr)
{
    REQUIRE(pipe(fds) == 0);
    EXPECT_EINTR(do_read, 0);
    close(fds[0]);
    close(fds[1]);
}

TEST(read_of_a_pipe_restarts)
{
    struct run r;
    REQUIRE(pipe(fds) == 0);
    EXPECT(interrupt(&r, do_read, SA_RESTART));
    sleep_ms(2);
    EXPECT_EQ(atomic_load(&r.done), 0);
    EXPECT_EQ(write(fds[1], "r", 1), 1);
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.result, 1);
    EXPECT_EQ(byte, 'r');
    close(fds[0]);
    close(fds[1]);
}

TEST(recv_gives_eintr_and_restarts)
{
    struct run r;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    EXPECT_EINTR(do_recv, 0);
    EXPECT(interrupt(&r, do_recv, SA_RESTART));
    EXPECT_EQ(write(fds[1], "s", 1), 1);
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.result, 1);
    EXPECT_EQ(byte, 's');
    close(fds[0]);
    close(fds[1]);
}

TEST(recv_with_a_timeout_does_not_restart)
{
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    struct timeval t = { 5, 0 };
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
    EXPECT_EINTR(do_recv, SA_RESTART);
    close(fds[0]);
    close(fds[1]);
}

TEST(accept_gives_eintr_and_restarts)
{
    struct run r;
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof a;
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(bind(fds[0], (void *)&a, sizeof a) == 0 && listen(fds[0], 1) == 0);
    getsockname(fds[0], (void *)&a, &length);
    EXPECT_EINTR(do_accept, 0);
    EXPECT(interrupt(&r, do_accept, SA_RESTART));
    int c = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_OK(connect(c, (void *)&a, sizeof a));
    pthread_join(r.thread, NULL);
    EXPECT(r.result >= 0);
    close((int)r.result);
    close(c);
    close(fds[0]);
}

TEST(nanosleep_never_restarts)
{
    EXPECT_EINTR(do_nanosleep, 0);
    EXPECT_EINTR(do_nanosleep, SA_RESTART);
}

static long remaining_ns;
static long do_sleep_rest(void)
{
    struct timespec rest = { 0, 0 };
    long r = nanosleep(&(struct timespec){ 5, 0 }, &rest);
    remaining_ns = rest.tv_sec * 1000000000L + rest.tv_nsec;
    return r;
}

TEST(nanosleep_tells_what_was_left)
{
    EXPECT_EINTR(do_sleep_rest, 0);
    EXPECT(remaining_ns > 0 && remaining_ns < 5000000000L);
}

static long do_clock_sleep(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += 5;
    int e = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    errno = e;
    return e ? -1 : 0;
}

TEST(clock_nanosleep_gives_eintr)
{
    EXPECT_EINTR(do_clock_sleep, 0);
}

TEST(poll_never_restarts)
{
    REQUIRE(pipe(fds) == 0);
    EXPECT_EINTR(do_poll, 0);
    EXPECT_EINTR(do_poll, SA_RESTART);
    close(fds[0]);
    close(fds[1]);
}

TEST(select_never_restarts)
{
    REQUIRE(pipe(fds) == 0);
    EXPECT_EINTR(do_select, 0);
    EXPECT_EINTR(do_select, SA_RESTART);
    close(fds[0]);
    close(fds[1]);
}

TEST(epoll_wait_never_restarts)
{
    REQUIRE(pipe(fds) == 0);
    EXPECT_EINTR(do_epoll, 0);
    EXPECT_EINTR(do_epoll, SA_RESTART);
    close(fds[0]);
    close(fds[1]);
}

TEST(eventfd_read_gives_eintr)
{
    fds[0] = eventfd(0, 0);
    REQUIRE(fds[0] >= 0);
    long do_event(void) { uint64_t v; return read(fds[0], &v, 8); }
    EXPECT_EINTR(do_event, 0);
    close(fds[0]);
}

static char block_of_data[200000];
static long do_big_write(void) { return write(fds[1], block_of_data, sizeof block_of_data); }

TEST(an_interrupted_write_tells_how_much_went)
{
    struct run r;
    REQUIRE(pipe(fds) == 0);
    EXPECT(interrupt(&r, do_big_write, SA_RESTART));
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.result, fcntl(fds[1], F_GETPIPE_SZ));
    close(fds[0]);
    close(fds[1]);
}

static int lock_path_fd;
static long do_flock(void) { return flock(lock_path_fd, LOCK_EX); }

TEST(flock_gives_eintr)
{
    char path[64];
    int fd = temp_file();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    lock_path_fd = open(path, O_RDWR);
    REQUIRE(fd >= 0 && lock_path_fd >= 0 && flock(fd, LOCK_EX) == 0);
    EXPECT_EINTR(do_flock, 0);
    close(fd);
    EXPECT_OK(flock(lock_path_fd, LOCK_EX | LOCK_NB));
    close(lock_path_fd);
}

static long do_sigsuspend(void)
{
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
}

TEST(sigsuspend_never_restarts)
{
    EXPECT_EINTR(do_sigsuspend, SA_RESTART);
}

static sem_t semaphore;
static long do_sem(void) { return sem_wait(&semaphore); }

TEST(sem_wait_gives_eintr_and_restarts)
{
    struct run r;
    sem_init(&semaphore, 0, 0);
    EXPECT_EINTR(do_sem, 0);
    EXPECT(interrupt(&r, do_sem, SA_RESTART));
    sem_post(&semaphore);
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.result, 0);
}

TEST(an_ignored_signal_does_not_interrupt)
{
    struct run r = { .call = do_read };
    struct sigaction a = { .sa_handler = SIG_IGN };
    REQUIRE(pipe(fds) == 0);
    sigaction(SIGUSR1, &a, NULL);
    REQUIRE(pthread_create(&r.thread, NULL, body, &r) == 0 && EVENTUALLY(atomic_load(&r.tid) != 0));
    settled(r.tid);
    pthread_kill(r.thread, SIGUSR1);
    sleep_ms(2);
    EXPECT_EQ(atomic_load(&r.done), 0);
    EXPECT_EQ(write(fds[1], "i", 1), 1);
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.result, 1);
    close(fds[0]);
    close(fds[1]);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long do_lock(void) { return pthread_mutex_lock(&mutex); }

TEST(a_mutex_wait_survives_signals)
{
    struct run r;
    pthread_mutex_lock(&mutex);
    EXPECT(interrupt(&r, do_lock, 0));
    sleep_ms(2);
    EXPECT_EQ(atomic_load(&r.done), 0);
    pthread_mutex_unlock(&mutex);
    pthread_join(r.thread, NULL);
    EXPECT_EQ(r.result, 0);
}

MAIN()
