// stat in its forms, access, modes, times, owners, extended attributes.
#include "scratch.h"
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

TEST(stat_of_a_file)
{
    SCRATCH();
    struct stat s;
    REQUIRE(put("f", "hello"));
    EXPECT_OK(stat("f", &s));
    EXPECT_EQ(s.st_size, 5);
    EXPECT(S_ISREG(s.st_mode));
    EXPECT_EQ(s.st_nlink, 1);
    EXPECT_EQ(s.st_uid, geteuid());
    EXPECT(s.st_blksize >= 512);
    EXPECT(llabs(s.st_mtime - time(NULL)) < 100);
}

TEST(fstat_lstat_and_newfstatat_agree)
{
    SCRATCH();
    struct stat a, b, c, d;
    REQUIRE(put("f", "hello") && symlink("f", "l") == 0);
    int fd = open("f", O_RDONLY);
    EXPECT_OK(fstat(fd, &a));
    EXPECT_OK(stat("l", &b));
    EXPECT(a.st_ino == b.st_ino);
    EXPECT_OK(lstat("l", &c));
    EXPECT(S_ISLNK(c.st_mode));
    EXPECT_EQ(c.st_size, 1);
    EXPECT_OK(syscall(SYS_newfstatat, fd, "", &d, AT_EMPTY_PATH));
    EXPECT(a.st_ino == d.st_ino);
    EXPECT_OK(syscall(SYS_newfstatat, AT_FDCWD, "l", &d, AT_SYMLINK_NOFOLLOW));
    EXPECT(c.st_ino == d.st_ino);
    EXPECT_OK(syscall(SYS_newfstatat, AT_FDCWD, "", &d, AT_EMPTY_PATH));
    EXPECT(S_ISDIR(d.st_mode));
    close(fd);
}

TEST(stat_errors)
{
    struct stat s;
    EXPECT_ERRNO(syscall(SYS_stat, "/none", &s), ENOENT);
    EXPECT_ERRNO(syscall(SYS_stat, "", &s), ENOENT);
    EXPECT_ERRNO(syscall(SYS_stat, "/", BAD), EFAULT);
    EXPECT_ERRNO(syscall(SYS_stat, BAD, &s), EFAULT);
    EXPECT_ERRNO(syscall(SYS_fstat, -1, &s), EBADF);
    EXPECT_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, "/", &s, 0x8000000), EINVAL);
    EXPECT_ERRNO(syscall(SYS_newfstatat, AT_FDCWD, "", &s, 0), ENOENT);
    EXPECT_ERRNO(syscall(SYS_newfstatat, 999, "x", &s, 0), EBADF);
}

TEST(statx_fills_what_was_asked)
{
    SCRATCH();
    struct statx x;
    struct stat s;
    REQUIRE(put("f", "hello"));
    stat("f", &s);
    EXPECT_OK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME, &x));
    EXPECT_EQ(x.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    EXPECT_EQ(x.stx_size, 5);
    EXPECT(x.stx_ino == s.st_ino);
    EXPECT_EQ(makedev(x.stx_dev_major, x.stx_dev_minor), s.st_dev);
    EXPECT_EQ(x.stx_mtime.tv_nsec, s.st_mtim.tv_nsec);
    int fd = open("f", O_RDONLY);
    EXPECT_OK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x));
    EXPECT_EQ(x.stx_size, 5);
    EXPECT_ERRNO(statx(AT_FDCWD, "f", 0, 0x80000000, &x), EINVAL);
    EXPECT_ERRNO(statx(AT_FDCWD, "f", 0x40000000, STATX_SIZE, &x), EINVAL);
    EXPECT_ERRNO(statx(AT_FDCWD, "f", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, STATX_SIZE, &x), EINVAL);
    EXPECT_ERRNO(statx(AT_FDCWD, "none", 0, STATX_SIZE, &x), ENOENT);
    EXPECT_ERRNO(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_SIZE, BAD), EFAULT);
    close(fd);
}

TEST(access_checks)
{
    SCRATCH();
    REQUIRE(put("f", ""));
    chmod("f", 0644);
    EXPECT_OK(access("f", F_OK));
    EXPECT_OK(access("f", R_OK | W_OK));
    EXPECT_ERRNO(access("f", X_OK), EACCES);
    EXPECT_ERRNO(access("none", F_OK), ENOENT);
    EXPECT_ERRNO(access("f", 0x55), EINVAL);
    EXPECT_ERRNO(access(BAD, F_OK), EFAULT);
    EXPECT_OK(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
    EXPECT_OK(syscall(439 /* faccessat2 */, AT_FDCWD, "f", R_OK, AT_EACCESS));
    EXPECT_ERRNO(syscall(439, AT_FDCWD, "f", R_OK, 0x4000), EINVAL);
    symlink("none", "l");
    EXPECT_ERRNO(syscall(439, AT_FDCWD, "l", F_OK, 0), ENOENT);
    EXPECT_OK(syscall(439, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
    int fd = open("f", O_RDONLY);
    EXPECT_OK(syscall(439, fd, "", R_OK, AT_EMPTY_PATH));
    close(fd);
}

TEST(chmod_changes_modes)
{
    SCRATCH();
    struct stat s;
    REQUIRE(put("f", ""));
    EXPECT_OK(chmod("f", 04711));
    stat("f", &s);
    EXPECT_EQ(s.st_mode & 07777, 04711);
    int fd = open("f", O_RDONLY);
    EXPECT_OK(fchmod(fd, 0600));
    EXPECT_OK(fchmodat(AT_FDCWD, "f", 0640, 0));
    fstat(fd, &s);
    EXPECT_EQ(s.st_mode & 07777, 0640);
    EXPECT_ERRNO(chmod("none", 0600), ENOENT);
    EXPECT_ERRNO(fchmod(-1, 0600), EBADF);
    EXPECT_ERRNO(chmod(BAD, 0600), EFAULT);
    close(fd);
}

TEST(chown_to_oneself)
{
    SCRATCH();
    struct stat s;
    REQUIRE(put("f", "") && symlink("f", "l") == 0);
    EXPECT_OK(chown("f", geteuid(), (gid_t)-1));
    EXPECT_OK(lchown("l", (uid_t)-1, getegid()));
    EXPECT_OK(fchownat(AT_FDCWD, "l", geteuid(), getegid(), AT_SYMLINK_NOFOLLOW));
    int fd = open("f", O_RDONLY);
    EXPECT_OK(fchown(fd, (uid_t)-1, (gid_t)-1));
    EXPECT_OK(fchownat(fd, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH));
    fstat(fd, &s);
    EXPECT_EQ(s.st_uid, geteuid());
    EXPECT_ERRNO(chown("none", 0, 0), ENOENT);
    EXPECT_ERRNO(fchown(-1, 0, 0), EBADF);
    close(fd);
}

TEST(utimensat_sets_times)
{
    SCRATCH();
    struct timespec t[2] = { { 1000000000, 123456789 }, { 1100000000, 987654321 } };
    struct stat s;
    REQUIRE(put("f", "") && symlink("f", "l") == 0);
    EXPECT_OK(utimensat(AT_FDCWD, "f", t, 0));
    stat("f", &s);
    EXPECT_EQ(s.st_atim.tv_sec, 1000000000);
    EXPECT_EQ(s.st_atim.tv_nsec, 123456789);
    EXPECT_EQ(s.st_mtim.tv_nsec, 987654321);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_nsec = UTIME_NOW;
    EXPECT_OK(utimensat(AT_FDCWD, "f", t, 0));
    stat("f", &s);
    EXPECT_EQ(s.st_atim.tv_sec, 1000000000);
    EXPECT(s.st_mtim.tv_sec > 1700000000);
    t[0] = t[1] = (struct timespec){ 5, 6 };
    EXPECT_OK(utimensat(AT_FDCWD, "l", t, AT_SYMLINK_NOFOLLOW));
    lstat("l", &s);
    EXPECT_EQ(s.st_mtim.tv_sec, 5);
    int fd = open("f", O_RDWR);
    EXPECT_OK(futimens(fd, t));
    fstat(fd, &s);
    EXPECT_EQ(s.st_mtim.tv_sec, 5);
    EXPECT_OK(utimensat(AT_FDCWD, "f", NULL, 0));
    t[0].tv_nsec = 1000000000;
    EXPECT_ERRNO(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
    EXPECT_ERRNO(utimensat(AT_FDCWD, "none", NULL, 0), ENOENT);
    EXPECT_ERRNO(syscall(SYS_utimensat, AT_FDCWD, "f", BAD, 0), EFAULT);
    EXPECT_ERRNO(syscall(SYS_utimensat, AT_FDCWD, "f", NULL, 0x4000000), EINVAL);
    close(fd);
}

TEST(older_time_calls)
{
    SCRATCH();
    struct stat s;
    struct timeval v[2] = { { 11, 22 }, { 33, 44 } };
    struct utimbuf u = { 55, 66 };
    REQUIRE(put("f", ""));
    EXPECT_OK(syscall(SYS_utimes, "f", v));
    stat("f", &s);
    EXPECT_EQ(s.st_mtim.tv_sec, 33);
    EXPECT_EQ(s.st_mtim.tv_nsec, 44000);
    EXPECT_OK(syscall(SYS_utime, "f", &u));
    stat("f", &s);
    EXPECT_EQ(s.st_mtim.tv_sec, 66);
    EXPECT_OK(syscall(SYS_futimesat, AT_FDCWD, "f", v));
    stat("f", &s);
    EXPECT_EQ(s.st_atim.tv_sec, 11);
}

TEST(writes_move_the_modification_time)
{
    SCRATCH();
    struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
    struct stat s;
    REQUIRE(put("f", ""));
    int fd = open("f", O_RDWR);
    futimens(fd, old);
    EXPECT_EQ(write(fd, "x", 1), 1);
    fstat(fd, &s);
    EXPECT(s.st_mtim.tv_sec > 1000);
    close(fd);
}

TEST(extended_attributes)
{
    SCRATCH();
    char b[64];
    REQUIRE(put("f", ""));
    EXPECT_OK(setxattr("f", "user.colour", "blue", 4, 0));
    EXPECT_EQ(getxattr("f", "user.colour", b, sizeof b), 4);
    EXPECT_MEM(b, "blue", 4);
    EXPECT_EQ(getxattr("f", "user.colour", NULL, 0), 4);
    EXPECT_ERRNO(getxattr("f", "user.colour", b, 2), ERANGE);
    EXPECT_ERRNO(getxattr("f", "user.none", b, 2), ENODATA);
    EXPECT_ERRNO(setxattr("f", "user.colour", "x", 1, XATTR_CREATE), EEXIST);
    EXPECT_ERRNO(setxattr("f", "user.other", "x", 1, XATTR_REPLACE), ENODATA);
    EXPECT_ERRNO(setxattr("f", "nonsense", "x", 1, 0), EOPNOTSUPP);
    int fd = open("f", O_RDWR);
    EXPECT_OK(fsetxattr(fd, "user.size", "10", 2, XATTR_CREATE));
    EXPECT_EQ(fgetxattr(fd, "user.size", b, sizeof b), 2);
    ssize_t n = flistxattr(fd, b, sizeof b);
    EXPECT_EQ(n, 22);
    EXPECT(memmem(b, (size_t)(n > 0 ? n : 0), "user.colour", 12) != NULL);
    EXPECT_OK(fremovexattr(fd, "user.size"));
    EXPECT_OK(removexattr("f", "user.colour"));
    EXPECT_ERRNO(removexattr("f", "user.colour"), ENODATA);
    EXPECT_EQ(listxattr("f", b, sizeof b), 0);
    EXPECT_ERRNO(getxattr("none", "user.x", b, 2), ENOENT);
    EXPECT_ERRNO(getxattr("f", BAD, b, 2), EFAULT);
    close(fd);
}

TEST(device_numbers)
{
    struct stat s;
    EXPECT_OK(stat("/dev/null", &s));
    EXPECT(S_ISCHR(s.st_mode));
    EXPECT_EQ(major(s.st_rdev), 1);
    EXPECT_EQ(minor(s.st_rdev), 3);
}

MAIN()
