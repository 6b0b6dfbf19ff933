// What keeps a program from being executed: the caller goes on with an error.
#include "../check.h"
#include "../files/scratch.h"

static char *words[] = { "program", NULL }, *none[] = { NULL };

static bool make(const char *path, const char *text, int mode)
{
    return put(path, text) && chmod(path, (mode_t)mode) == 0;
}

TEST(missing_file)
{
    SCRATCH();
    EXPECT_ERRNO(execve("missing", words, none), ENOENT);
    EXPECT_ERRNO(execve("missing/below", words, none), ENOENT);
    EXPECT_ERRNO(execve("", words, none), ENOENT);
    EXPECT_ERRNO(execve("/bin/sh/below", words, none), ENOTDIR);
}

TEST(file_that_may_not_be_executed)
{
    SCRATCH();
    REQUIRE(make("plain", "#!/bin/sh\n", 0644));
    EXPECT_ERRNO(execve("plain", words, none), EACCES);
    EXPECT_ERRNO(execve("/", words, none), EACCES);
    EXPECT_ERRNO(execve("/dev/null", words, none), EACCES);
    REQUIRE(mkfifo("fifo", 0755) == 0);
    EXPECT_ERRNO(execve("fifo", words, none), EACCES);
}

TEST(file_of_no_known_form)
{
    SCRATCH();
    REQUIRE(make("text", "echo hello\n", 0755));
    EXPECT_ERRNO(execve("text", words, none), ENOEXEC);
    REQUIRE(make("empty", "", 0755));
    EXPECT_ERRNO(execve("empty", words, none), ENOEXEC);
    REQUIRE(make("elf", "\x7f" "ELF", 0755));
    EXPECT_ERRNO(execve("elf", words, none), ENOEXEC);
}

TEST(script_without_its_interpreter)
{
    SCRATCH();
    REQUIRE(make("script", "#!/nowhere/at/all\n", 0755));
    EXPECT_ERRNO(execve("script", words, none), ENOENT);
    REQUIRE(make("plain", "", 0644));
    REQUIRE(make("script", "#!./plain\n", 0755));
    EXPECT_ERRNO(execve("script", words, none), EACCES);
    REQUIRE(make("script", "#!\n", 0755));
    EXPECT_ERRNO(execve("script", words, none), ENOEXEC);
    REQUIRE(make("script", "#!./\n", 0755));
    EXPECT_ERRNO(execve("script", words, none), EACCES);
}

TEST(scripts_in_a_circle)
{
    SCRATCH();
    REQUIRE(make("script", "#!./script\n", 0755));
    EXPECT_ERRNO(execve("script", words, none), ELOOP);
}

TEST(links_in_a_circle)
{
    SCRATCH();
    REQUIRE(symlink("loop", "loop") == 0);
    EXPECT_ERRNO(execve("loop", words, none), ELOOP);
}

TEST(link_that_is_not_followed)
{
    SCRATCH();
    REQUIRE(symlink("/bin/true", "link") == 0);
    EXPECT_ERRNO(syscall(SYS_execveat, AT_FDCWD, "link", words, none, AT_SYMLINK_NOFOLLOW), ELOOP);
}

TEST(bad_flags_and_descriptors)
{
    EXPECT_ERRNO(syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, none, 1), EINVAL);
    EXPECT_ERRNO(syscall(SYS_execveat, 777, "true", words, none, 0), EBADF);
    EXPECT_ERRNO(syscall(SYS_execveat, 777, "", words, none, AT_EMPTY_PATH), EBADF);
    EXPECT_ERRNO(syscall(SYS_execveat, 0, "", words, none, 0), ENOENT);
    int file = open("/etc/passwd", O_RDONLY);
    EXPECT_ERRNO(syscall(SYS_execveat, file, "", words, none, AT_EMPTY_PATH), EACCES);
    EXPECT_ERRNO(syscall(SYS_execveat, file, "below", words, none, 0), ENOTDIR);
    close(file);
}

TEST(bad_pointers)
{
    char *bad[] = { "program", (char *)8, NULL };
    EXPECT_ERRNO(syscall(SYS_execve, (char *)8, words, none), EFAULT);
    EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", (char **)8, none), EFAULT);
    EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", words, (char **)8), EFAULT);
    EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", bad, none), EFAULT);
    EXPECT_ERRNO(syscall(SYS_execve, "/bin/true", words, bad), EFAULT);
}

TEST(long_path)
{
    char path[5000];
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[sizeof path - 1] = 0;
    EXPECT_ERRNO(execve(path, words, none), ENAMETOOLONG);
    path[300] = 0;
    EXPECT_ERRNO(execve(path, words, none), ENAMETOOLONG);
}

TEST(too_many_words)
{
    static char text[131073];
    memset(text, 'x', sizeof text - 1);
    char *one[] = { "program", text, NULL };
    EXPECT_ERRNO(execve("/bin/true", one, none), E2BIG);
    EXPECT_ERRNO(execve("/bin/true", words, one), E2BIG);
    text[100000] = 0;
    char *many[100];
    for (int i = 0; i < 99; i++)
        many[i] = text;
    many[99] = NULL;
    EXPECT_ERRNO(execve("/bin/true", many, none), E2BIG);
    EXPECT_ERRNO(execve("/bin/true", words, many), E2BIG);
}

TEST(order_of_errors)
{
    // The file is looked for before the words are read, its form is looked at after.
    SCRATCH();
    REQUIRE(make("text", "echo hello\n", 0755));
    EXPECT_ERRNO(syscall(SYS_execve, "missing", (char **)8, none), ENOENT);
    EXPECT_ERRNO(syscall(SYS_execve, "text", (char **)8, none), EFAULT);
}

TEST(descriptors_and_handlers_survive_a_failure)
{
    SCRATCH();
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct sigaction action = { .sa_handler = SIG_IGN }, seen;
    sigaction(SIGUSR1, &action, NULL);
    EXPECT_ERRNO(execve("missing", words, none), ENOENT);
    EXPECT_EQ(fcntl(file, F_GETFD), FD_CLOEXEC);
    sigaction(SIGUSR1, NULL, &seen);
    EXPECT(seen.sa_handler == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
    close(file);
}

TEST(script_by_a_descriptor_that_is_closed_on_exec)
{
    SCRATCH();
    REQUIRE(make("script", "#!/bin/sh\n", 0755));
    int file = open("script", O_RDONLY | O_CLOEXEC);
    EXPECT_ERRNO(fexecve(file, words, none), ENOENT);
    close(file);
}

MAIN()
