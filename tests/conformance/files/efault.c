// Bad pointers in calls of every kind: EFAULT, and nothing done where Linux does nothing.
#include "scratch.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>

static void *bad[3];

__attribute__((constructor)) static void prepare(void)
{
    bad[0] = BAD;
    bad[1] = (void *)0xffff888000000000UL; // the kernel's half
    bad[2] = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

#define EVERY_BAD(P) for (size_t bad_i = 0; bad_i < 3; bad_i++) { void *P = bad[bad_i];
#define END_EVERY_BAD }

TEST(results_that_cannot_be_stored)
{
    EVERY_BAD(p)
        EXPECT_ERRNO(syscall(SYS_uname, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_sysinfo, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getrusage, RUSAGE_SELF, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_times, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getrlimit, RLIMIT_NOFILE, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_clock_getres, CLOCK_MONOTONIC, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_gettimeofday, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getrandom, p, 10, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_pipe2, p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getitimer, ITIMER_REAL, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getresuid, p, p, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getcwd, p, 4096), EFAULT);
        EXPECT_ERRNO(syscall(SYS_sched_getparam, 0, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_time, p), EFAULT);
    END_EVERY_BAD
}

TEST(arguments_that_cannot_be_read)
{
    EVERY_BAD(p)
        EXPECT_ERRNO(syscall(SYS_nanosleep, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_setrlimit, RLIMIT_NOFILE, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_setitimer, ITIMER_REAL, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_poll, p, 1, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_ppoll, NULL, 0, p, NULL, 8), EFAULT);
        EXPECT_ERRNO(syscall(SYS_select, 3, p, NULL, NULL, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_select, 0, NULL, NULL, NULL, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_memfd_create, p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_prctl, 15 /* PR_SET_NAME */, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_prctl, 16 /* PR_GET_NAME */, p), EFAULT);
    END_EVERY_BAD
}

TEST(paths_that_cannot_be_read)
{
    struct stat s;
    EVERY_BAD(p)
        EXPECT_ERRNO(syscall(SYS_open, p, O_RDONLY), EFAULT);
        EXPECT_ERRNO(syscall(SYS_openat, AT_FDCWD, p, O_RDONLY), EFAULT);
        EXPECT_ERRNO(syscall(SYS_mkdir, p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_rmdir, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_rename, p, "x"), EFAULT);
        EXPECT_ERRNO(syscall(SYS_rename, "/tmp/none-such", p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_link, p, "x"), EFAULT);
        EXPECT_ERRNO(syscall(SYS_symlink, p, "x"), EFAULT);
        EXPECT_ERRNO(syscall(SYS_symlink, "x", p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_readlink, p, &s, 8), EFAULT);
        EXPECT_ERRNO(syscall(SYS_lstat, p, &s), EFAULT);
        EXPECT_ERRNO(syscall(SYS_truncate, p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_statfs, p, &s), EFAULT);
        EXPECT_ERRNO(syscall(SYS_fchmodat, AT_FDCWD, p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_fchownat, AT_FDCWD, p, 0, 0, 0), EFAULT);
    END_EVERY_BAD
}

TEST(sockets_with_bad_pointers)
{
    int fds[2], u = socket(AF_INET, SOCK_DGRAM, 0), v = 1;
    char b[4];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0 && u >= 0);
    EXPECT_EQ(write(fds[1], "abcd", 4), 4);
    EVERY_BAD(p)
        EXPECT_ERRNO(syscall(SYS_sendto, fds[0], p, 4, 0, NULL, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_recvfrom, fds[0], p, 4, 0, NULL, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_sendmsg, fds[0], p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_recvmsg, fds[0], p, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_connect, u, p, 16), EFAULT);
        EXPECT_ERRNO(syscall(SYS_bind, u, p, 16), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getsockname, u, p, &v), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getsockname, u, b, p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_setsockopt, u, SOL_SOCKET, SO_REUSEADDR, p, 4), EFAULT);
        EXPECT_ERRNO(syscall(SYS_getsockopt, u, SOL_SOCKET, SO_REUSEADDR, p, p), EFAULT);
    END_EVERY_BAD
    close(fds[0]);
    close(fds[1]);
    close(u);
}

TEST(epoll_and_timers_with_bad_pointers)
{
    int ep = epoll_create1(0), t = timerfd_create(CLOCK_MONOTONIC, 0), e = temp_file();
    int p2[2];
    struct epoll_event ev = { .events = EPOLLOUT };
    REQUIRE(pipe(p2) == 0 && epoll_ctl(ep, EPOLL_CTL_ADD, p2[1], &ev) == 0);
    EVERY_BAD(p)
        EXPECT_ERRNO(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, p2[0], p), EFAULT);
        EXPECT_ERRNO(syscall(SYS_epoll_wait, ep, p, 1, 0), EFAULT);
        EXPECT_ERRNO(syscall(SYS_timerfd_settime, t, 0, p, NULL), EFAULT);
        EXPECT_ERRNO(syscall(SYS_timerfd_gettime, t, p), EFAULT);
    END_EVERY_BAD
    close(p2[0]);
    close(p2[1]);
    close(ep);
    close(t);
    close(e);
}

TEST(structures_that_cross_into_a_hole)
{
    char *p = page_before_hole();
    REQUIRE(p);
    EXPECT_ERRNO(syscall(SYS_uname, p + PAGE - 100), EFAULT);
    EXPECT_ERRNO(syscall(SYS_clock_gettime, CLOCK_REALTIME, p + PAGE - 8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_stat, "/", p + PAGE - 100), EFAULT);
    EXPECT_ERRNO(syscall(SYS_pipe2, p + PAGE - 4, 0), EFAULT);
    EXPECT_EQ(syscall(SYS_clock_gettime, CLOCK_REALTIME, p + PAGE - 16), 0);
    EXPECT_EQ(syscall(SYS_getrandom, p + PAGE - 5, 5, 0), 5);
    munmap(p, 2 * PAGE);
}

TEST(structures_on_a_page_border_work)
{
    char *p = anon_pages(2, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    EXPECT_EQ(syscall(SYS_stat, "/", p + PAGE - 70), 0);
    EXPECT(S_ISDIR(((struct stat *)(p + PAGE - 70))->st_mode));
    EXPECT_EQ(syscall(SYS_clock_gettime, CLOCK_REALTIME, p + PAGE - 3), 0);
    strcpy(p + PAGE - 4, "/dev/null");
    EXPECT_EQ(syscall(SYS_access, p + PAGE - 4, F_OK), 0);
    munmap(p, 2 * PAGE);
}

TEST(results_to_read_only_memory)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(syscall(SYS_uname, p), EFAULT);
    EXPECT_ERRNO(syscall(SYS_stat, "/", p), EFAULT);
    EXPECT_ERRNO(syscall(SYS_clock_gettime, CLOCK_REALTIME, p), EFAULT);
    EXPECT_ERRNO(syscall(SYS_getrandom, p, 4, 0), EFAULT);
    munmap(p, PAGE);
}

TEST(a_file_read_that_ends_in_a_hole_is_partial)
{
    int fd = temp_pages(2);
    char *p = page_before_hole();
    REQUIRE(p);
    EXPECT_EQ(pread(fd, p + 96, 2 * PAGE, 0), PAGE - 96);
    EXPECT_EQ(p[PAGE - 1], 'A');
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(a_pipe_read_that_ends_in_a_hole)
{
    int fds[2];
    char *p = page_before_hole();
    REQUIRE(p && pipe(fds) == 0);
    EXPECT_EQ(write(fds[1], "0123456789", 10), 10);
    // One pipe buffer is copied whole or not at all.
    EXPECT_ERRNO(read(fds[0], p + PAGE - 4, 10), EFAULT);
    munmap(p, 2 * PAGE);
    close(fds[0]);
    close(fds[1]);
}

static atomic_int stop;
static char *flicker;

static void *flick(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        munmap(flicker, PAGE);
        mmap(flicker, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
    return NULL;
}

TEST(memory_that_another_thread_unmaps_meanwhile)
{
    pthread_t t;
    int fd = temp_pages(1), odd = 0;
    flicker = anon_pages(1, PROT_READ | PROT_WRITE);
    atomic_store(&stop, 0);
    REQUIRE(flicker && pthread_create(&t, NULL, flick, NULL) == 0);
    for (int i = 0; i < 2000; i++) {
        ssize_t n = pread(fd, flicker, 1000, 0);
        odd += n != 1000 && !(n == -1 && errno == EFAULT) && !(n >= 0 && n < 1000);
        n = syscall(SYS_uname, flicker);
        odd += n != 0 && errno != EFAULT;
    }
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
    EXPECT_EQ(odd, 0);
    munmap(flicker, PAGE);
    close(fd);
}

MAIN()
