// Resource limits: reading, setting, what they refuse.
#include "check.h"
#include <sys/resource.h>
#include <signal.h>

TEST(every_limit_can_be_read)
{
    struct rlimit r;
    for (int i = 0; i < 16; i++) {
        EXPECT_OK(getrlimit(i, &r));
        EXPECT(r.rlim_cur <= r.rlim_max);
    }
    EXPECT_ERRNO(getrlimit(16, &r), EINVAL);
    EXPECT_ERRNO(setrlimit(99, &r), EINVAL);
}

TEST(prlimit_gets_and_sets_at_once)
{
    struct rlimit old, now, set;
    REQUIRE(prlimit(0, RLIMIT_NOFILE, NULL, &old) == 0);
    set = (struct rlimit){ 300, old.rlim_max };
    EXPECT_OK(prlimit(0, RLIMIT_NOFILE, &set, &now));
    EXPECT(now.rlim_cur == old.rlim_cur);
    EXPECT_OK(prlimit(getpid(), RLIMIT_NOFILE, &old, &now));
    EXPECT_EQ(now.rlim_cur, 300);
    EXPECT_OK(prlimit(0, RLIMIT_NOFILE, NULL, NULL));
    EXPECT_ERRNO(prlimit(0x3fffffff, RLIMIT_NOFILE, NULL, &now), ESRCH);
    EXPECT_EQ(sysconf(_SC_OPEN_MAX), (long)old.rlim_cur);
}

TEST(soft_above_hard_is_refused)
{
    struct rlimit r;
    REQUIRE(getrlimit(RLIMIT_CORE, &r) == 0);
    struct rlimit bad = { 2, 1 };
    EXPECT_ERRNO(setrlimit(RLIMIT_CORE, &bad), EINVAL);
    (void)r;
}

TEST(a_lowered_limit_shows_in_proc)
{
    struct rlimit old, set;
    static char text[4096];
    REQUIRE(getrlimit(RLIMIT_STACK, &old) == 0);
    set = (struct rlimit){ 7 << 20, old.rlim_max };
    EXPECT_OK(setrlimit(RLIMIT_STACK, &set));
    slurp("/proc/self/limits", text, sizeof text);
    char *line = strstr(text, "Max stack size");
    REQUIRE(line);
    EXPECT_EQ(strtol(line + 14, NULL, 10) >> 20, 7);
    setrlimit(RLIMIT_STACK, &old);
}

TEST(file_size_limit)
{
    struct rlimit old, set;
    int fd = temp_file();
    struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
    set = (struct rlimit){ 100, old.rlim_max };
    sigaction(SIGXFSZ, &ignore, &before);
    EXPECT_OK(setrlimit(RLIMIT_FSIZE, &set));
    EXPECT_EQ(pwrite(fd, "0123456789", 10, 95), 5);
    EXPECT_ERRNO(pwrite(fd, "x", 1, 100), EFBIG);
    EXPECT_ERRNO(ftruncate(fd, 101), EFBIG);
    setrlimit(RLIMIT_FSIZE, &old);
    sigaction(SIGXFSZ, &before, NULL);
    close(fd);
}

static volatile sig_atomic_t too_big;
static void on_too_big(int number) { (void)number, too_big++; }

TEST(file_size_limit_sends_sigxfsz)
{
    struct rlimit old, set;
    int fd = temp_file();
    struct sigaction a = { .sa_handler = on_too_big };
    REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
    set = (struct rlimit){ 0, old.rlim_max };
    sigaction(SIGXFSZ, &a, NULL);
    setrlimit(RLIMIT_FSIZE, &set);
    EXPECT_ERRNO(write(fd, "x", 1), EFBIG);
    setrlimit(RLIMIT_FSIZE, &old);
    EXPECT_EQ(too_big, 1);
    close(fd);
}

TEST(address_space_limit)
{
    struct rlimit old, set;
    REQUIRE(getrlimit(RLIMIT_AS, &old) == 0);
    set = (struct rlimit){ 256 << 20, old.rlim_max };
    EXPECT_OK(setrlimit(RLIMIT_AS, &set));
    EXPECT_ERRNO(mmap(NULL, 1UL << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    void *p = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(p != MAP_FAILED);
    munmap(p, 1 << 20);
    setrlimit(RLIMIT_AS, &old);
}

TEST(pending_signals_limit)
{
    struct rlimit old, set;
    sigset_t s;
    REQUIRE(getrlimit(RLIMIT_SIGPENDING, &old) == 0);
    sigemptyset(&s);
    sigaddset(&s, SIGRTMIN + 4);
    sigprocmask(SIG_BLOCK, &s, NULL);
    set = (struct rlimit){ 0, old.rlim_max };
    EXPECT_OK(setrlimit(RLIMIT_SIGPENDING, &set));
    EXPECT_ERRNO(sigqueue(getpid(), SIGRTMIN + 4, (union sigval){ .sival_int = 1 }), EAGAIN);
    setrlimit(RLIMIT_SIGPENDING, &old);
}

MAIN()
