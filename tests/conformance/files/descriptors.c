// The descriptor table: dup, fcntl, close_range, ioctl on files, locks.
#include "scratch.h"
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <termios.h>

static int null(void) { return open("/dev/null", O_RDWR); }

static bool is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

TEST(dup_takes_the_lowest)
{
    int a = null(), b = dup(a);
    EXPECT_EQ(b, a + 1);
    EXPECT_EQ(fcntl(b, F_GETFD), 0);
    EXPECT_ERRNO(dup(-1), EBADF);
    EXPECT_ERRNO(dup(9999), EBADF);
    close(a);
    close(b);
}

TEST(dup2_replaces)
{
    int a = null(), f = temp_file();
    EXPECT_EQ(dup2(a, f), f);
    EXPECT_EQ(dup2(a, a), a);
    EXPECT_EQ(dup2(a, 500), 500);
    EXPECT(is_open(500));
    EXPECT_ERRNO(dup2(9999, 5), EBADF);
    EXPECT_ERRNO(dup2(9999, 9999), EBADF);
    EXPECT_ERRNO(dup2(a, -1), EBADF);
    EXPECT_ERRNO(dup2(a, INT_MAX), EBADF);
    close(500);
    close(a);
    close(f);
}

TEST(dup3_flags)
{
    int a = null();
    EXPECT_EQ(dup3(a, 501, O_CLOEXEC), 501);
    EXPECT_EQ(fcntl(501, F_GETFD), FD_CLOEXEC);
    EXPECT_ERRNO(dup3(a, a, 0), EINVAL);
    EXPECT_ERRNO(dup3(a, 502, O_APPEND), EINVAL);
    close(501);
    close(a);
}

TEST(f_dupfd)
{
    int a = null();
    EXPECT_EQ(fcntl(a, F_DUPFD, 600), 600);
    EXPECT_EQ(fcntl(a, F_DUPFD, 600), 601);
    EXPECT_EQ(fcntl(a, F_DUPFD_CLOEXEC, 600), 602);
    EXPECT_EQ(fcntl(602, F_GETFD), FD_CLOEXEC);
    EXPECT_ERRNO(fcntl(a, F_DUPFD, -1), EINVAL);
    EXPECT_ERRNO(fcntl(a, F_DUPFD, 1 << 30), EINVAL);
    close(600);
    close(601);
    close(602);
    close(a);
}

TEST(cloexec_flag)
{
    int a = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
    EXPECT_OK(fcntl(a, F_SETFD, 0));
    EXPECT_EQ(fcntl(a, F_GETFD), 0);
    EXPECT_OK(ioctl(a, FIOCLEX));
    EXPECT_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
    EXPECT_OK(ioctl(a, FIONCLEX));
    EXPECT_EQ(fcntl(a, F_GETFD), 0);
    close(a);
}

TEST(status_flags)
{
    int a = temp_file(), b = dup(a);
    EXPECT_EQ(fcntl(a, F_GETFL) & ~O_LARGEFILE & ~0100000, O_RDWR);
    EXPECT_OK(fcntl(a, F_SETFL, O_APPEND | O_NONBLOCK));
    EXPECT_EQ(fcntl(b, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK); // shared by the open file
    EXPECT_OK(fcntl(a, F_SETFL, O_WRONLY)); // the mode can't be changed
    EXPECT_EQ(fcntl(a, F_GETFL) & O_ACCMODE, O_RDWR);
    EXPECT_ERRNO(fcntl(-1, F_GETFL), EBADF);
    EXPECT_ERRNO(fcntl(a, 9999), EINVAL);
    close(a);
    close(b);
}

TEST(close_range_closes)
{
    for (int i = 700; i < 710; i++)
        REQUIRE(dup2(1, i) == i);
    EXPECT_EQ(syscall(SYS_close_range, 702, 705, 0), 0);
    EXPECT(is_open(701) && !is_open(702) && !is_open(705) && is_open(706));
    EXPECT_EQ(syscall(SYS_close_range, 706, 709, 4 /* CLOSE_RANGE_CLOEXEC */), 0);
    EXPECT_EQ(fcntl(707, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(syscall(SYS_close_range, 700, ~0U, 0), 0);
    EXPECT(!is_open(700) && !is_open(709));
    EXPECT_ERRNO(syscall(SYS_close_range, 10, 5, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_close_range, 10, 15, 0x80), EINVAL);
}

TEST(a_closed_descriptor_is_bad)
{
    int a = null();
    EXPECT_OK(close(a));
    EXPECT_ERRNO(close(a), EBADF);
    EXPECT_ERRNO(fcntl(a, F_GETFD), EBADF);
}

TEST(too_many_files)
{
    struct rlimit old, low;
    REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
    int first = null(), got = 0, fd = -1;
    low = (struct rlimit){ (rlim_t)first + 5, old.rlim_max };
    REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
    while (got < 10 && (fd = dup(first)) >= 0)
        got++;
    EXPECT_EQ(got, 4);
    EXPECT_ERRNO(dup(first), EMFILE);
    EXPECT_ERRNO(open("/dev/null", O_RDONLY), EMFILE);
    EXPECT_ERRNO(pipe((int[2]){ 0, 0 }), EMFILE);
    EXPECT_ERRNO(dup2(first, first + 5), EBADF);
    setrlimit(RLIMIT_NOFILE, &old);
    syscall(SYS_close_range, first, first + 10, 0);
}

TEST(ioctl_on_a_file)
{
    int fd = temp_pages(2), n = 0;
    struct winsize w;
    struct termios t;
    EXPECT_ERRNO(ioctl(fd, TIOCGWINSZ, &w), ENOTTY);
    EXPECT_ERRNO(ioctl(fd, TCGETS, &t), ENOTTY);
    EXPECT_EQ(isatty(fd), 0);
    lseek(fd, 10, SEEK_SET);
    EXPECT_OK(ioctl(fd, FIONREAD, &n));
    EXPECT_EQ(n, 2 * PAGE - 10);
    EXPECT_ERRNO(ioctl(fd, FIONREAD, BAD), EFAULT);
    EXPECT_ERRNO(ioctl(fd, 0xdeadbeef, &n), ENOTTY);
    EXPECT_ERRNO(ioctl(-1, FIONREAD, &n), EBADF);
    close(fd);
}

TEST(fionbio_sets_nonblock)
{
    int p[2], on = 1, off = 0, n = -1;
    char c;
    REQUIRE(pipe(p) == 0);
    EXPECT_OK(ioctl(p[0], FIONBIO, &on));
    EXPECT_EQ(fcntl(p[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    EXPECT_ERRNO(read(p[0], &c, 1), EAGAIN);
    EXPECT_OK(ioctl(p[0], FIONBIO, &off));
    EXPECT_EQ(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(write(p[1], "abc", 3), 3);
    EXPECT_OK(ioctl(p[0], FIONREAD, &n));
    EXPECT_EQ(n, 3);
    close(p[0]);
    close(p[1]);
}

// ---- locks ----

static int reopen(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDWR);
}

TEST(flock_excludes_between_open_files)
{
    int a = temp_file(), b = reopen(a), c = dup(a);
    EXPECT_OK(flock(a, LOCK_EX));
    EXPECT_ERRNO(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    EXPECT_ERRNO(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    EXPECT_OK(flock(c, LOCK_EX | LOCK_NB)); // the same open file
    EXPECT_OK(flock(a, LOCK_SH));
    EXPECT_OK(flock(b, LOCK_SH | LOCK_NB));
    EXPECT_OK(flock(c, LOCK_UN));
    EXPECT_OK(flock(b, LOCK_EX | LOCK_NB));
    EXPECT_ERRNO(flock(a, 77), EINVAL);
    EXPECT_ERRNO(flock(-1, LOCK_SH), EBADF);
    close(a);
    close(b);
    close(c);
}

static void *unlock_later(void *p)
{
    sleep_ms(5);
    flock((int)(intptr_t)p, LOCK_UN);
    return NULL;
}

TEST(flock_waits)
{
    int a = temp_file(), b = reopen(a);
    pthread_t t;
    REQUIRE(flock(a, LOCK_EX) == 0 && pthread_create(&t, NULL, unlock_later, (void *)(intptr_t)a) == 0);
    EXPECT_OK(flock(b, LOCK_EX));
    pthread_join(t, NULL);
    close(a);
    close(b);
}

static int set_lock(int fd, int how, short kind, off_t start, off_t length)
{
    struct flock l = { .l_type = kind, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
    return fcntl(fd, how, &l);
}

TEST(process_locks_do_not_conflict_with_themselves)
{
    int a = temp_pages(1), b = reopen(a);
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
    EXPECT_OK(set_lock(a, F_SETLK, F_WRLCK, 0, 10));
    EXPECT_OK(set_lock(b, F_SETLK, F_WRLCK, 5, 10));
    EXPECT_OK(fcntl(a, F_GETLK, &l));
    EXPECT_EQ(l.l_type, F_UNLCK);
    EXPECT_OK(set_lock(a, F_SETLKW, F_UNLCK, 0, 0));
    EXPECT_ERRNO(set_lock(a, F_SETLK, 99, 0, 0), EINVAL);
    EXPECT_ERRNO(set_lock(a, F_SETLK, F_WRLCK, -5, 0), EINVAL);
    EXPECT_ERRNO(fcntl(a, F_SETLK, BAD), EFAULT);
    close(a);
    close(b);
}

TEST(open_file_locks_conflict_between_open_files)
{
    int a = temp_pages(1), b = reopen(a);
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 4, .l_len = 2 };
    EXPECT_OK(set_lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
    EXPECT_ERRNO(set_lock(b, F_OFD_SETLK, F_RDLCK, 5, 10), EAGAIN);
    EXPECT_OK(set_lock(b, F_OFD_SETLK, F_WRLCK, 10, 5));
    EXPECT_OK(fcntl(b, F_OFD_GETLK, &l));
    EXPECT_EQ(l.l_type, F_WRLCK);
    EXPECT_EQ(l.l_start, 0);
    EXPECT_EQ(l.l_len, 10);
    EXPECT_EQ(l.l_pid, -1);
    EXPECT_OK(set_lock(a, F_OFD_SETLK, F_UNLCK, 4, 2)); // splits
    EXPECT_OK(set_lock(b, F_OFD_SETLK, F_RDLCK, 4, 2));
    EXPECT_ERRNO(set_lock(b, F_OFD_SETLK, F_RDLCK, 3, 1), EAGAIN);
    close(a); // gives the rest back
    EXPECT_OK(set_lock(b, F_OFD_SETLK, F_WRLCK, 0, 0));
    l.l_pid = 5;
    EXPECT_ERRNO(fcntl(b, F_OFD_SETLK, &l), EINVAL);
    close(b);
}

TEST(process_and_open_file_locks_conflict)
{
    int a = temp_pages(1), b = reopen(a);
    EXPECT_OK(set_lock(a, F_SETLK, F_WRLCK, 0, 10));
    EXPECT_ERRNO(set_lock(b, F_OFD_SETLK, F_WRLCK, 0, 10), EAGAIN);
    close(b); // closing any descriptor of the file drops the process's locks
    b = reopen(a);
    EXPECT_OK(set_lock(b, F_OFD_SETLK, F_WRLCK, 0, 10));
    close(a);
    close(b);
}

TEST(locks_need_the_mode)
{
    char path[64];
    int a = temp_pages(1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", a);
    int ro = open(path, O_RDONLY), wo = open(path, O_WRONLY);
    EXPECT_ERRNO(set_lock(ro, F_SETLK, F_WRLCK, 0, 1), EBADF);
    EXPECT_ERRNO(set_lock(wo, F_SETLK, F_RDLCK, 0, 1), EBADF);
    EXPECT_OK(set_lock(ro, F_SETLK, F_RDLCK, 0, 1));
    close(a);
    close(ro);
    close(wo);
}

TEST(owner_and_signal_settings)
{
    int p[2];
    REQUIRE(pipe(p) == 0);
    EXPECT_OK(fcntl(p[0], F_SETOWN, getpid()));
    EXPECT_EQ(fcntl(p[0], F_GETOWN), getpid());
    EXPECT_OK(fcntl(p[0], F_SETSIG, SIGUSR1));
    EXPECT_EQ(fcntl(p[0], F_GETSIG), SIGUSR1);
    close(p[0]);
    close(p[1]);
}

static volatile sig_atomic_t io_signals;
static void on_io(int number) { (void)number, io_signals++; }

TEST(async_descriptors_send_sigio)
{
    int p[2];
    struct sigaction a = { .sa_handler = on_io };
    sigaction(SIGIO, &a, NULL);
    REQUIRE(pipe(p) == 0);
    EXPECT_OK(fcntl(p[0], F_SETOWN, getpid()));
    EXPECT_OK(fcntl(p[0], F_SETFL, O_ASYNC | O_NONBLOCK));
    EXPECT_EQ(write(p[1], "x", 1), 1);
    EXPECT(EVENTUALLY(io_signals == 1));
    close(p[0]);
    close(p[1]);
}

TEST(leases_and_pipe_commands_on_the_wrong_kind)
{
    int a = null();
    EXPECT_ERRNO(fcntl(a, F_GETPIPE_SZ), EBADF);
    EXPECT_ERRNO(fcntl(a, F_ADD_SEALS, 1), EINVAL);
    close(a);
}

TEST(proc_self_fd_links)
{
    SCRATCH();
    char path[64], to[PATH_MAX] = "", want[PATH_MAX];
    REQUIRE(put("f", ""));
    int fd = open("f", O_RDONLY), p[2];
    REQUIRE(getcwd(want, sizeof want) && pipe(p) == 0);
    strcat(want, "/f");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    EXPECT(readlink(path, to, sizeof to - 1) > 0);
    EXPECT_STR(to, want);
    unlink("f");
    memset(to, 0, sizeof to);
    EXPECT(readlink(path, to, sizeof to - 1) > 0);
    strcat(want, " (deleted)");
    EXPECT_STR(to, want);
    snprintf(path, sizeof path, "/proc/self/fd/%d", p[0]);
    memset(to, 0, sizeof to);
    EXPECT(readlink(path, to, sizeof to - 1) > 0);
    EXPECT(strncmp(to, "pipe:[", 6) == 0);
    close(p[0]);
    close(p[1]);
    close(fd);
}

MAIN()
