// Directories and names: mkdir, rename, link, symlink, unlink, getdents64, chdir, getcwd.
#include "scratch.h"

TEST(mkdir_and_rmdir)
{
    SCRATCH();
    struct stat s;
    EXPECT_OK(mkdir("d", 0755));
    EXPECT_ERRNO(mkdir("d", 0755), EEXIST);
    EXPECT_ERRNO(mkdir("x/y", 0755), ENOENT);
    stat("d", &s);
    EXPECT(S_ISDIR(s.st_mode));
    EXPECT_EQ(s.st_nlink, 2);
    EXPECT_OK(mkdir("d/e/", 0755));
    stat("d", &s);
    EXPECT_EQ(s.st_nlink, 3);
    EXPECT_ERRNO(rmdir("d"), ENOTEMPTY);
    EXPECT_OK(rmdir("d/e"));
    EXPECT_OK(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
    EXPECT_ERRNO(rmdir("d"), ENOENT);
    EXPECT_ERRNO(rmdir("."), EINVAL);
    REQUIRE(put("f", ""));
    EXPECT_ERRNO(rmdir("f"), ENOTDIR);
}

TEST(unlink_errors)
{
    SCRATCH();
    mkdir("d", 0755);
    EXPECT_ERRNO(unlink("d"), EISDIR);
    EXPECT_ERRNO(unlink("none"), ENOENT);
    EXPECT_ERRNO(unlinkat(AT_FDCWD, "d", 0x4000), EINVAL);
    EXPECT_ERRNO(unlink(BAD), EFAULT);
    EXPECT_ERRNO(unlinkat(999, "x", 0), EBADF);
}

TEST(rename_replaces)
{
    SCRATCH();
    REQUIRE(put("a", "one") && put("b", "two"));
    EXPECT_OK(rename("a", "b"));
    EXPECT_STR(get("b"), "one");
    EXPECT_ERRNO(rename("a", "b"), ENOENT);
    EXPECT_OK(rename("b", "b"));
}

TEST(rename_of_directories)
{
    SCRATCH();
    REQUIRE(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0 && put("d/f", "x") && put("g", ""));
    EXPECT_OK(rename("d", "e"));
    EXPECT_STR(get("e/f"), "x");
    mkdir("h", 0755);
    EXPECT_ERRNO(rename("h", "e"), ENOTEMPTY);
    EXPECT_ERRNO(rename("h", "g"), ENOTDIR);
    EXPECT_ERRNO(rename("g", "h"), EISDIR);
    EXPECT_ERRNO(rename("e", "e/sub"), EINVAL);
}

TEST(renameat2_flags)
{
    SCRATCH();
    REQUIRE(put("a", "one") && put("b", "two"));
    EXPECT_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
    EXPECT_OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
    EXPECT_STR(get("a"), "two");
    EXPECT_STR(get("b"), "one");
    EXPECT_OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
    EXPECT_ERRNO(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_EXCHANGE), ENOENT);
    EXPECT_ERRNO(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
    EXPECT_ERRNO(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", 0x80), EINVAL);
}

TEST(hard_links_share_the_inode)
{
    SCRATCH();
    struct stat s, t;
    REQUIRE(put("a", "x"));
    EXPECT_OK(link("a", "b"));
    stat("a", &s);
    stat("b", &t);
    EXPECT(s.st_ino == t.st_ino);
    EXPECT_EQ(s.st_nlink, 2);
    unlink("a");
    stat("b", &t);
    EXPECT_EQ(t.st_nlink, 1);
    EXPECT_ERRNO(link("a", "c"), ENOENT);
    EXPECT_ERRNO(link("b", "b"), EEXIST);
    mkdir("d", 0755);
    EXPECT_ERRNO(link("d", "e"), EPERM);
    symlink("b", "l");
    EXPECT_OK(linkat(AT_FDCWD, "l", AT_FDCWD, "m", 0)); // links the symlink itself
    lstat("m", &s);
    EXPECT(S_ISLNK(s.st_mode));
    EXPECT_OK(linkat(AT_FDCWD, "l", AT_FDCWD, "n", AT_SYMLINK_FOLLOW));
    lstat("n", &s);
    EXPECT(S_ISREG(s.st_mode));
}

TEST(symlinks_hold_any_text)
{
    SCRATCH();
    char b[32];
    EXPECT_OK(symlink("no/such/place", "l"));
    memset(b, '#', sizeof b);
    EXPECT_EQ(readlink("l", b, sizeof b), 13);
    EXPECT_MEM(b, "no/such/place#", 14); // not terminated
    EXPECT_EQ(readlink("l", b, 2), 2);
    EXPECT_ERRNO(readlink("l", b, 0), EINVAL);
    EXPECT_ERRNO(symlink("x", "l"), EEXIST);
    EXPECT_ERRNO(symlink("", "m"), ENOENT);
    EXPECT_ERRNO(readlink("none", b, 8), ENOENT);
    REQUIRE(put("f", ""));
    EXPECT_ERRNO(readlink("f", b, 8), EINVAL);
    EXPECT_ERRNO(readlink("l", BAD, 8), EFAULT);
    EXPECT_ERRNO(readlink("f/x", b, 8), ENOTDIR);
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

TEST(readdir_lists_all)
{
    SCRATCH();
    char name[16], *names[128];
    int n = 0;
    struct dirent *e;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "file%02d", i);
        REQUIRE(put(name, ""));
    }
    mkdir("dir", 0755);
    symlink("x", "link");
    DIR *d = opendir(".");
    REQUIRE(d);
    while (n < 128 && (e = readdir(d))) {
        if (strcmp(e->d_name, "dir") == 0)
            EXPECT_EQ(e->d_type, DT_DIR);
        if (strcmp(e->d_name, "link") == 0)
            EXPECT_EQ(e->d_type, DT_LNK);
        if (strcmp(e->d_name, "file00") == 0)
            EXPECT_EQ(e->d_type, DT_REG);
        names[n++] = strdup(e->d_name);
    }
    EXPECT_EQ(n, 104);
    qsort(names, (size_t)n, sizeof *names, compare_names);
    EXPECT_STR(names[0], ".");
    EXPECT_STR(names[1], "..");
    EXPECT_STR(names[2], "dir");
    EXPECT_STR(names[102], "file99");
    for (int i = 0; i < n; i++)
        free(names[i]);
    rewinddir(d);
    EXPECT(readdir(d) != NULL);
    closedir(d);
}

TEST(getdents_errors)
{
    SCRATCH();
    char b[64];
    REQUIRE(put("f", ""));
    int d = open(".", O_RDONLY | O_DIRECTORY), f = open("f", O_RDONLY);
    EXPECT_ERRNO(syscall(SYS_getdents64, d, b, 1), EINVAL);
    EXPECT_ERRNO(syscall(SYS_getdents64, d, BAD, 100), EFAULT);
    EXPECT_ERRNO(syscall(SYS_getdents64, f, b, 64), ENOTDIR);
    EXPECT_ERRNO(syscall(SYS_getdents64, -1, b, 64), EBADF);
    close(d);
    close(f);
}

TEST(getdents_pages_through_and_ends)
{
    SCRATCH();
    char b[64], name[8];
    int total = 0;
    long n;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "n%d", i);
        REQUIRE(put(name, ""));
    }
    int d = open(".", O_RDONLY | O_DIRECTORY);
    while ((n = syscall(SYS_getdents64, d, b, sizeof b)) > 0)
        for (long at = 0; at < n; at += ((struct dirent64 *)(b + at))->d_reclen)
            total++;
    EXPECT_EQ(n, 0);
    EXPECT_EQ(total, 22);
    EXPECT_EQ(lseek(d, 0, SEEK_SET), 0);
    EXPECT(syscall(SYS_getdents64, d, b, sizeof b) > 0);
    close(d);
}

TEST(chdir_and_getcwd)
{
    SCRATCH();
    char a[PATH_MAX], b[PATH_MAX];
    REQUIRE(getcwd(a, sizeof a) && mkdir("d", 0755) == 0);
    EXPECT_OK(chdir("d"));
    REQUIRE(getcwd(b, sizeof b));
    strcat(a, "/d");
    EXPECT_STR(b, a);
    EXPECT_EQ(syscall(SYS_getcwd, b, sizeof b), (long)strlen(a) + 1);
    EXPECT_ERRNO(syscall(SYS_getcwd, b, 2), ERANGE);
    EXPECT_ERRNO(syscall(SYS_getcwd, BAD, PATH_MAX), EFAULT);
    EXPECT_OK(chdir(".."));
    EXPECT_ERRNO(chdir("none"), ENOENT);
    REQUIRE(put("f", ""));
    EXPECT_ERRNO(chdir("f"), ENOTDIR);
    EXPECT_ERRNO(chdir(BAD), EFAULT);
    int fd = open("d", O_RDONLY), f = open("f", O_RDONLY);
    EXPECT_OK(fchdir(fd));
    REQUIRE(getcwd(b, sizeof b));
    EXPECT_STR(b, a);
    EXPECT_ERRNO(fchdir(f), ENOTDIR);
    EXPECT_ERRNO(fchdir(-1), EBADF);
    close(fd);
    close(f);
    EXPECT_OK(chdir(".."));
}

TEST(proc_self_cwd_follows)
{
    SCRATCH();
    char to[PATH_MAX] = "", cwd[PATH_MAX];
    EXPECT(readlink("/proc/self/cwd", to, sizeof to - 1) > 0);
    REQUIRE(getcwd(cwd, sizeof cwd));
    EXPECT_STR(to, cwd);
}

TEST(the_working_directory_is_shared_by_threads)
{
    SCRATCH();
    pthread_t t;
    char a[PATH_MAX];
    void *move(void *unused) { return (void *)(intptr_t)(chdir("d") + (intptr_t)unused); }
    REQUIRE(mkdir("d", 0755) == 0 && pthread_create(&t, NULL, move, NULL) == 0);
    pthread_join(t, NULL);
    REQUIRE(getcwd(a, sizeof a));
    EXPECT(strcmp(a + strlen(a) - 2, "/d") == 0);
    EXPECT_OK(chdir(".."));
}

TEST(dot_dot_and_slashes)
{
    SCRATCH();
    struct stat s, t;
    REQUIRE(mkdir("d", 0755) == 0 && put("f", "x"));
    stat("f", &s);
    EXPECT_OK(stat("d/..//./f", &t));
    EXPECT(s.st_ino == t.st_ino);
    stat("/", &s);
    EXPECT_OK(stat("/../..", &t));
    EXPECT(s.st_ino == t.st_ino && s.st_dev == t.st_dev);
}

TEST(mknod_of_a_fifo_and_a_file)
{
    SCRATCH();
    struct stat s;
    EXPECT_OK(mkfifo("p", 0600));
    stat("p", &s);
    EXPECT(S_ISFIFO(s.st_mode));
    EXPECT_OK(mknod("f", S_IFREG | 0600, 0));
    stat("f", &s);
    EXPECT(S_ISREG(s.st_mode));
    EXPECT_ERRNO(mkfifo("p", 0600), EEXIST);
    EXPECT_ERRNO(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
    int r = open("p", O_RDONLY | O_NONBLOCK), w = open("p", O_WRONLY | O_NONBLOCK);
    char b[4];
    EXPECT(r >= 0 && w >= 0);
    EXPECT_EQ(write(w, "abc", 3), 3);
    EXPECT_EQ(read(r, b, 4), 3);
    close(r);
    close(w);
}

TEST(a_removed_directory_is_dead)
{
    SCRATCH();
    char b[64];
    mkdir("d", 0755);
    int d = open("d", O_RDONLY);
    rmdir("d");
    EXPECT_ERRNO(openat(d, "new", O_CREAT | O_WRONLY, 0600), ENOENT);
    EXPECT_ERRNO(syscall(SYS_getdents64, d, b, sizeof b), ENOENT);
    close(d);
}

MAIN()
