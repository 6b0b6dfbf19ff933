// The whole test framework: TEST(name) { EXPECT...; } blocks and one MAIN().
//
// A program prints one line a test, "ok NAME" or "FAIL NAME file:line detail" (its first failure), straight to
// descriptor 1 so that a crash or a hang loses nothing. Exit status 0 means that every test passed.
// Arguments name the tests to run; "--list" prints their names. Output holds no address, process id or time, so that a
// native run and a run in a virtual machine can be compared byte for byte; CHECK_VALUES=1 adds large values for debugging.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

struct check_test {
    const char *name;
    void (*run)(void);
    int line;
    struct check_test *next;
};

static struct check_test *check_tests;
static atomic_int check_failed;
static char check_detail[512];

__attribute__((unused)) static void check_register(struct check_test *test)
{
    struct check_test **at = &check_tests;
    while (*at && (*at)->line < test->line)
        at = &(*at)->next;
    test->next = *at;
    *at = test;
}

// Records the first failure of the running test; later ones are its consequences. Any thread may call it.
__attribute__((unused, format(printf, 3, 4))) static void check_fail(const char *file, int line, const char *format, ...)
{
    if (atomic_exchange(&check_failed, 1))
        return;
    const char *slash = strrchr(file, '/');
    int n = snprintf(check_detail, sizeof check_detail, "%s:%d ", slash ? slash + 1 : file, line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(check_detail + n, sizeof check_detail - (size_t)n, format, arguments);
    va_end(arguments);
    for (char *p = check_detail; *p; p++)
        if (*p == '\n')
            *p = ' ';
}

// Small numbers are worth printing; large ones are addresses, ids or times, which differ from run to run.
__attribute__((unused)) static const char *check_value(long long value, char *buffer)
{
    if ((value > -4096 && value < 65536) || getenv("CHECK_VALUES"))
        sprintf(buffer, "%lld", value);
    else
        strcpy(buffer, "(large)");
    return buffer;
}

#define TEST(NAME)                                                                     \
    static void test_##NAME(void);                                                     \
    static struct check_test entry_##NAME = { #NAME, test_##NAME, __LINE__, NULL };    \
    __attribute__((constructor)) static void enter_##NAME(void) { check_register(&entry_##NAME); } \
    static void test_##NAME(void)

#define EXPECT(CONDITION)                                                              \
    do {                                                                               \
        if (!(CONDITION))                                                              \
            check_fail(__FILE__, __LINE__, "%s", #CONDITION);                          \
    } while (0)

// Leaves the (void) test function: for what the rest of the test stands on.
#define REQUIRE(CONDITION)                                                             \
    do {                                                                               \
        if (!(CONDITION)) {                                                            \
            int check_saved = errno;                                                   \
            check_fail(__FILE__, __LINE__, "required: %s (errno %d)", #CONDITION, check_saved); \
            return;                                                                    \
        }                                                                              \
    } while (0)

#define EXPECT_EQ(ACTUAL, WANTED)                                                      \
    do {                                                                               \
        long long check_a = (long long)(ACTUAL);                                       \
        int check_saved = errno;                                                       \
        long long check_w = (long long)(WANTED);                                       \
        char check_b1[32], check_b2[32];                                               \
        if (check_a != check_w)                                                        \
            check_fail(__FILE__, __LINE__, "%s is %s, not %s = %s (errno %d)", #ACTUAL, \
                check_value(check_a, check_b1), #WANTED, check_value(check_w, check_b2), check_a == -1 ? check_saved : 0); \
    } while (0)

#define EXPECT_OK(CALL)                                                                \
    do {                                                                               \
        errno = 0;                                                                     \
        if ((long)(CALL) == -1)                                                        \
            check_fail(__FILE__, __LINE__, "%s failed with errno %d", #CALL, errno);   \
    } while (0)

#define EXPECT_ERRNO(CALL, ERROR)                                                      \
    do {                                                                               \
        errno = 0;                                                                     \
        long check_r = (long)(CALL);                                                   \
        int check_saved = errno;                                                       \
        if (check_r != -1)                                                             \
            check_fail(__FILE__, __LINE__, "%s succeeded, wanted %s", #CALL, #ERROR);  \
        else if (check_saved != (ERROR))                                               \
            check_fail(__FILE__, __LINE__, "%s gave errno %d, wanted %s", #CALL, check_saved, #ERROR); \
    } while (0)

#define EXPECT_STR(ACTUAL, WANTED)                                                     \
    do {                                                                               \
        const char *check_a = (ACTUAL), *check_w = (WANTED);                           \
        if (strcmp(check_a, check_w) != 0)                                             \
            check_fail(__FILE__, __LINE__, "%s is \"%.60s\", not \"%.60s\"", #ACTUAL, check_a, check_w); \
    } while (0)

#define EXPECT_MEM(ACTUAL, WANTED, LENGTH) EXPECT(memcmp((ACTUAL), (WANTED), (LENGTH)) == 0)

__attribute__((unused)) static void check_say(const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(STDOUT_FILENO, text, left);
        if (n < 0 && errno != EINTR)
            _exit(3);
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
}

__attribute__((unused)) static bool check_wanted(const char *name, int argc, char **argv)
{
    if (argc < 2)
        return true;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

__attribute__((unused)) static int check_main(int argc, char **argv)
{
    bool list = argc == 2 && strcmp(argv[1], "--list") == 0;
    int failures = 0, ran = 0;
    for (struct check_test *test = check_tests; test; test = test->next) {
        char line[1024];
        if (!list && !check_wanted(test->name, argc, argv))
            continue;
        ran++;
        if (list) {
            snprintf(line, sizeof line, "%s\n", test->name);
            check_say(line);
            continue;
        }
        atomic_store(&check_failed, 0);
        test->run();
        if (atomic_load(&check_failed)) {
            failures++;
            snprintf(line, sizeof line, "FAIL %s %s\n", test->name, check_detail);
        } else {
            snprintf(line, sizeof line, "ok %s\n", test->name);
        }
        check_say(line);
    }
    return failures > 0 ? 1 : ran == 0 ? 2 : 0;
}

#define MAIN()                                                                         \
    int main(int argc, char **argv) { return check_main(argc, argv); }

// ---- helpers shared by the groups ----

__attribute__((unused)) static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

__attribute__((unused)) static void sleep_ms(int milliseconds)
{
    struct timespec t = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
    while (nanosleep(&t, &t) == -1 && errno == EINTR)
        ;
}

// Waits up to five seconds for a condition that another thread brings about.
#define EVENTUALLY(CONDITION)                                                          \
    ({                                                                                 \
        int64_t check_end = now_ns() + 5000000000LL;                                   \
        bool check_met;                                                                \
        while (!(check_met = (CONDITION)) && now_ns() < check_end)                     \
            nanosleep(&(struct timespec){ 0, 200000 }, NULL);                          \
        check_met;                                                                     \
    })

__attribute__((unused)) static const char *temp_base(void)
{
    const char *base = getenv("TMPDIR");
    return base && *base ? base : "/tmp";
}

// A new empty file without a name, open for reading and writing.
__attribute__((unused)) static int temp_file(void)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/conformance.XXXXXX", temp_base());
    int fd = mkstemp(path);
    if (fd >= 0)
        unlink(path);
    return fd;
}

// A nameless file of pages, page n filled with the byte 'A' + n.
__attribute__((unused)) static int temp_pages(int pages)
{
    int fd = temp_file();
    char page[PAGE];
    for (int i = 0; i < pages; i++) {
        memset(page, 'A' + i, PAGE);
        if (write(fd, page, PAGE) != (ssize_t)PAGE)
            return -1;
    }
    return fd;
}

// A new empty directory; returns its path, which temp_gone removes with all that is below it.
__attribute__((unused)) static char *temp_dir(char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/conformance.XXXXXX", temp_base());
    return mkdtemp(path);
}

__attribute__((unused)) static int temp_gone_one(const char *path, const struct stat *s, int flag, struct FTW *ftw)
{
    (void)s, (void)flag, (void)ftw;
    return remove(path);
}

__attribute__((unused)) static void temp_gone(const char *path)
{
    nftw(path, temp_gone_one, 16, FTW_DEPTH | FTW_PHYS);
}

// Anonymous private pages.
__attribute__((unused)) static char *anon_pages(size_t pages, int protection)
{
    void *p = mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

// A readable and writable page directly before one that is not mapped (PROT_NONE); returns the first page.
__attribute__((unused)) static char *page_before_hole(void)
{
    char *p = anon_pages(2, PROT_READ | PROT_WRITE);
    if (p)
        mprotect(p + PAGE, PAGE, PROT_NONE);
    return p;
}

// An address that no process has mapped.
__attribute__((unused)) static void *volatile check_bad = (void *)0x10; // volatile: hidden from compiler warnings
#define BAD ((void *)check_bad)

// Reads a whole small file as a string; empty where it can't.
__attribute__((unused)) static char *slurp(const char *path, char *buffer, size_t size)
{
    size_t used = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && used < size - 1) {
        ssize_t n = read(fd, buffer + used, size - 1 - used);
        if (n <= 0)
            break;
        used += (size_t)n;
    }
    buffer[used] = 0;
    if (fd >= 0)
        close(fd);
    return buffer;
}

// Waits until a thread of this process sleeps in the kernel, by its state letter in /proc, and then gives it a moment.
// Where /proc can't say, the moment has to do: the test then still holds, it only may have asked too early.
__attribute__((unused)) static bool settled(int tid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    for (int i = 0; i < 200; i++) {
        char *end = strrchr(slurp(path, text, sizeof text), ')');
        if (!end || !end[1] || end[2] == 'S')
            break;
        sleep_ms(1);
    }
    sleep_ms(1);
    return true;
}
