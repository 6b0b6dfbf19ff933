// open, openat, openat2, creat: flags and errors.
#include "scratch.h"
#include <linux/openat2.h>

TEST(creat_and_excl)
{
    SCRATCH();
    int fd = open("f", O_RDWR | O_CREAT | O_EXCL, 0600);
    EXPECT(fd >= 0);
    EXPECT_ERRNO(open("f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    close(fd);
    fd = open("f", O_RDWR | O_CREAT, 0600);
    EXPECT(fd >= 0);
    close(fd);
}

TEST(the_lowest_free_descriptor_is_used)
{
    SCRATCH();
    int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY), c = open("/dev/null", O_RDONLY);
    EXPECT(b == a + 1 && c == b + 1);
    close(b);
    EXPECT_EQ(open("/dev/null", O_RDONLY), b);
    close(a);
    close(b);
    close(c);
}

TEST(trunc_empties)
{
    SCRATCH();
    REQUIRE(put("f", "something"));
    int fd = open("f", O_WRONLY | O_TRUNC);
    EXPECT(fd >= 0);
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 0);
    close(fd);
}

TEST(append_writes_at_the_end)
{
    SCRATCH();
    REQUIRE(put("f", "abc"));
    int fd = open("f", O_RDWR | O_APPEND);
    EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
    EXPECT_EQ(write(fd, "def", 3), 3);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 6);
    EXPECT_STR(get("f"), "abcdef");
    // Linux appends with pwrite too.
    EXPECT_EQ(pwrite(fd, "g", 1, 0), 1);
    EXPECT_STR(get("f"), "abcdefg");
    close(fd);
}

TEST(access_modes_are_held)
{
    SCRATCH();
    char c;
    REQUIRE(put("f", "abc"));
    int ro = open("f", O_RDONLY), wo = open("f", O_WRONLY);
    EXPECT_ERRNO(write(ro, "x", 1), EBADF);
    EXPECT_ERRNO(read(wo, &c, 1), EBADF);
    EXPECT_ERRNO(ftruncate(ro, 0), EINVAL);
    EXPECT_EQ(fcntl(ro, F_GETFL) & O_ACCMODE, O_RDONLY);
    EXPECT_EQ(fcntl(wo, F_GETFL) & O_ACCMODE, O_WRONLY);
    close(ro);
    close(wo);
}

TEST(missing_and_wrong_kinds)
{
    SCRATCH();
    REQUIRE(put("f", "abc") && mkdir("d", 0755) == 0);
    EXPECT_ERRNO(open("none", O_RDONLY), ENOENT);
    EXPECT_ERRNO(open("none/x", O_RDONLY), ENOENT);
    EXPECT_ERRNO(open("none/x", O_WRONLY | O_CREAT, 0600), ENOENT);
    EXPECT_ERRNO(open("f/x", O_RDONLY), ENOTDIR);
    EXPECT_ERRNO(open("f/", O_RDONLY), ENOTDIR);
    EXPECT_ERRNO(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
    EXPECT_ERRNO(open("d", O_WRONLY), EISDIR);
    EXPECT_ERRNO(open("d", O_RDWR), EISDIR);
    EXPECT_ERRNO(open("d", O_RDONLY | O_CREAT, 0600), EISDIR);
    EXPECT_ERRNO(open("new/", O_WRONLY | O_CREAT, 0600), EISDIR);
    EXPECT_ERRNO(open("", O_RDONLY), ENOENT);
}

TEST(names_that_are_too_long)
{
    SCRATCH();
    static char path[5000];
    memset(path, 'x', 256);
    EXPECT_ERRNO(open(path, O_RDONLY), ENAMETOOLONG);
    path[255] = 0;
    EXPECT_ERRNO(open(path, O_RDONLY), ENOENT);
    for (int i = 0; i < 4999; i++)
        path[i] = i % 2 ? '/' : '.';
    EXPECT_ERRNO(open(path, O_RDONLY), ENAMETOOLONG);
}

TEST(bad_path_pointers)
{
    EXPECT_ERRNO(open(BAD, O_RDONLY), EFAULT);
    EXPECT_ERRNO(open(NULL, O_RDONLY), EFAULT);
    char *p = page_before_hole();
    REQUIRE(p);
    memset(p, '/', PAGE); // no end before the hole
    EXPECT_ERRNO(open(p + PAGE - 8, O_RDONLY), EFAULT);
    strcpy(p + PAGE - 10, "/dev/null");
    int fd = open(p + PAGE - 10, O_RDONLY);
    EXPECT(fd >= 0);
    close(fd);
    munmap(p, 2 * PAGE);
}

TEST(openat_is_relative_to_its_directory)
{
    SCRATCH();
    REQUIRE(mkdir("d", 0755) == 0 && put("d/f", "inner"));
    int d = open("d", O_RDONLY | O_DIRECTORY);
    int fd = openat(d, "f", O_RDONLY);
    EXPECT(fd >= 0);
    close(fd);
    fd = openat(d, "/dev/null", O_RDONLY);
    EXPECT(fd >= 0);
    close(fd);
    fd = openat(d, "../d/f", O_RDONLY);
    EXPECT(fd >= 0);
    EXPECT_ERRNO(openat(999, "f", O_RDONLY), EBADF);
    EXPECT_ERRNO(openat(fd, "f", O_RDONLY), ENOTDIR);
    int absolute = openat(-5, "/dev/null", O_RDONLY);
    EXPECT(absolute >= 0); // the descriptor is not looked at
    close(absolute);
    close(fd);
    close(d);
}

TEST(nofollow_refuses_symlinks)
{
    SCRATCH();
    REQUIRE(put("f", "abc") && symlink("f", "l") == 0 && symlink(".", "here") == 0);
    EXPECT_ERRNO(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
    int fd = open("here/f", O_RDONLY | O_NOFOLLOW); // only the last part counts
    EXPECT(fd >= 0);
    close(fd);
    EXPECT_ERRNO(open("l", O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
}

TEST(symlink_loops)
{
    SCRATCH();
    REQUIRE(symlink("b", "a") == 0 && symlink("a", "b") == 0);
    EXPECT_ERRNO(open("a", O_RDONLY), ELOOP);
    EXPECT_ERRNO(open("a/x", O_RDONLY), ELOOP);
}

TEST(a_dangling_symlink_can_be_created_through)
{
    SCRATCH();
    REQUIRE(symlink("target", "l") == 0);
    EXPECT_ERRNO(open("l", O_RDONLY), ENOENT);
    int fd = open("l", O_WRONLY | O_CREAT, 0600);
    EXPECT(fd >= 0);
    close(fd);
    EXPECT_OK(access("target", F_OK));
}

TEST(umask_narrows_the_mode)
{
    SCRATCH();
    struct stat s;
    mode_t old = umask(027);
    close(open("f", O_CREAT | O_WRONLY, 0666));
    mkdir("d", 0777);
    EXPECT_EQ(umask(old), 027);
    stat("f", &s);
    EXPECT_EQ(s.st_mode & 07777, 0640);
    stat("d", &s);
    EXPECT_EQ(s.st_mode & 07777, 0750);
}

TEST(tmpfile_has_no_name_until_linked)
{
    SCRATCH();
    char path[64];
    struct stat s;
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    REQUIRE(fd >= 0);
    EXPECT_EQ(write(fd, "hidden", 6), 6);
    fstat(fd, &s);
    EXPECT_EQ(s.st_nlink, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    EXPECT_OK(linkat(AT_FDCWD, path, AT_FDCWD, "shown", AT_SYMLINK_FOLLOW));
    EXPECT_STR(get("shown"), "hidden");
    close(fd);
    EXPECT_ERRNO(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}

TEST(path_descriptors_only_name)
{
    SCRATCH();
    char c;
    struct stat s;
    REQUIRE(put("f", "abc"));
    int fd = open("f", O_PATH);
    REQUIRE(fd >= 0);
    EXPECT_ERRNO(read(fd, &c, 1), EBADF);
    EXPECT_ERRNO(write(fd, &c, 1), EBADF);
    EXPECT_ERRNO(lseek(fd, 0, SEEK_SET), EBADF);
    EXPECT_ERRNO(fchmod(fd, 0600), EBADF);
    EXPECT_OK(fstat(fd, &s));
    EXPECT_EQ(s.st_size, 3);
    EXPECT_EQ(fcntl(fd, F_GETFL), O_PATH);
    int copy = dup(fd);
    EXPECT(copy >= 0);
    close(copy);
    close(fd);
}

TEST(path_with_nofollow_names_the_symlink)
{
    SCRATCH();
    struct stat s;
    char to[16] = "";
    REQUIRE(symlink("target", "l") == 0);
    int fd = open("l", O_PATH | O_NOFOLLOW);
    REQUIRE(fd >= 0);
    EXPECT_OK(fstat(fd, &s));
    EXPECT(S_ISLNK(s.st_mode));
    EXPECT_EQ(readlinkat(fd, "", to, sizeof to), 6);
    EXPECT_STR(to, "target");
    close(fd);
}

TEST(path_directories_serve_openat)
{
    SCRATCH();
    REQUIRE(put("f", "abc"));
    int d = open(".", O_PATH | O_DIRECTORY);
    int fd = openat(d, "f", O_RDONLY);
    EXPECT(fd >= 0);
    close(fd);
    char b[64];
    EXPECT_ERRNO(syscall(SYS_getdents64, d, b, sizeof b), EBADF);
    close(d);
}

TEST(a_removed_file_lives_on)
{
    SCRATCH();
    char b[4] = "";
    REQUIRE(put("f", "abc"));
    int fd = open("f", O_RDWR);
    unlink("f");
    EXPECT_EQ(read(fd, b, 3), 3);
    EXPECT_STR(b, "abc");
    EXPECT_ERRNO(open("f", O_RDONLY), ENOENT);
    close(fd);
}

TEST(reopening_through_proc_self_fd)
{
    SCRATCH();
    char path[64], b[8] = "";
    REQUIRE(put("f", "abc"));
    int fd = open("f", O_RDONLY);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDWR);
    REQUIRE(again >= 0);
    EXPECT_EQ(read(fd, b, 2), 2);
    EXPECT_EQ(read(again, b, 3), 3); // an offset of its own
    EXPECT_EQ(write(again, "d", 1), 1);
    close(fd);
    close(again);
}

TEST(dev_files)
{
    char b[16];
    memset(b, 1, sizeof b);
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR), random = open("/dev/urandom", O_RDONLY);
    REQUIRE(null >= 0 && zero >= 0 && full >= 0 && random >= 0);
    EXPECT_EQ(read(null, b, 16), 0);
    EXPECT_EQ(write(null, b, 16), 16);
    EXPECT_EQ(read(zero, b, 16), 16);
    EXPECT_EQ(b[15], 0);
    EXPECT_ERRNO(write(full, b, 1), ENOSPC);
    EXPECT_EQ(read(random, b, 16), 16);
    close(null);
    close(zero);
    close(full);
    close(random);
}

static long openat2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
    struct open_how how = { .flags = flags, .resolve = resolve };
    return syscall(SYS_openat2, dir, path, &how, sizeof how);
}

TEST(openat2_resolve_flags)
{
    SCRATCH();
    REQUIRE(mkdir("d", 0755) == 0 && put("f", "outer") && put("d/g", "inner") && symlink("../f", "d/up") == 0 && symlink("g", "d/l") == 0 && symlink("/g", "d/root") == 0);
    int d = open("d", O_RDONLY | O_DIRECTORY);
    EXPECT_ERRNO(openat2(d, "up", O_RDONLY, RESOLVE_BENEATH), EXDEV);
    EXPECT_ERRNO(openat2(d, "../f", O_RDONLY, RESOLVE_BENEATH), EXDEV);
    EXPECT_ERRNO(openat2(d, "/dev/null", O_RDONLY, RESOLVE_BENEATH), EXDEV);
    EXPECT_ERRNO(openat2(d, "l", O_RDONLY, RESOLVE_NO_SYMLINKS), ELOOP);
    EXPECT_ERRNO(openat2(d, "../f", O_RDONLY, RESOLVE_IN_ROOT), ENOENT);
    long fd = openat2(d, "root", O_RDONLY, RESOLVE_IN_ROOT);
    EXPECT(fd >= 0);
    close((int)fd);
    fd = openat2(d, "l", O_RDONLY, RESOLVE_BENEATH);
    EXPECT(fd >= 0);
    close((int)fd);
    close(d);
}

TEST(openat2_refuses_what_openat_forgives)
{
    SCRATCH();
    struct { struct open_how how; uint64_t more; } large = { .how = { .flags = O_RDONLY } };
    EXPECT_ERRNO(openat2(AT_FDCWD, "/dev/null", 1UL << 40, 0), EINVAL);
    EXPECT_ERRNO(openat2(AT_FDCWD, "/dev/null", O_RDONLY, 1UL << 40), EINVAL);
    large.how.mode = 0600; // without O_CREAT
    EXPECT_ERRNO(syscall(SYS_openat2, AT_FDCWD, "/dev/null", &large, sizeof large.how), EINVAL);
    large.how.mode = 0;
    EXPECT_ERRNO(syscall(SYS_openat2, AT_FDCWD, "/dev/null", &large, 8), EINVAL);
    large.more = 1;
    EXPECT_ERRNO(syscall(SYS_openat2, AT_FDCWD, "/dev/null", &large, sizeof large), E2BIG);
    large.more = 0;
    long fd = syscall(SYS_openat2, AT_FDCWD, "/dev/null", &large, sizeof large);
    EXPECT(fd >= 0);
    close((int)fd);
}

TEST(creat_by_its_own_call)
{
    SCRATCH();
    int fd = creat("f", 0644);
    EXPECT(fd >= 0);
    EXPECT_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
    close(fd);
    fd = (int)syscall(SYS_open, "f", O_RDONLY);
    EXPECT(fd >= 0);
    close(fd);
}

TEST(direct_and_sync_flags_are_taken)
{
    SCRATCH();
    int fd = open("f", O_RDWR | O_CREAT | O_SYNC, 0600);
    EXPECT(fd >= 0);
    EXPECT_EQ(write(fd, "abc", 3), 3);
    EXPECT_EQ(fcntl(fd, F_GETFL) & O_SYNC, O_SYNC);
    close(fd);
    fd = open("f", O_RDONLY | O_NOATIME | O_NOCTTY | O_NONBLOCK);
    EXPECT(fd >= 0);
    close(fd);
}

MAIN()
