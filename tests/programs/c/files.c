// Files and folders: everything a program does to them in a folder of its own, given as its argument.
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/xattr.h>

static int by_text(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list(const char *title)
{
    struct dirent **entries;
    int count = scandir(".", &entries, NULL, by_text);
    printf("%s:", title);
    for (int i = 0; i < count; i++)
        printf(" %s%s", entries[i]->d_name, entries[i]->d_type == DT_DIR ? "/" : entries[i]->d_type == DT_LNK ? "@" : "");
    puts("");
}

static void bytes(void)
{
    int file = open("bytes", O_RDWR | O_CREAT | O_EXCL, 0640);
    CHECK(file >= 0);
    CHECK(open("bytes", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
    CHECK(write(file, "0123456789", 10) == 10);
    CHECK(lseek(file, -4, SEEK_END) == 6);
    char buffer[64] = "";
    CHECK(read(file, buffer, sizeof buffer) == 4 && !memcmp(buffer, "6789", 4));
    CHECK(read(file, buffer, 1) == 0);
    CHECK(pwrite(file, "AB", 2, 2) == 2 && pread(file, buffer, 4, 1) == 4 && !memcmp(buffer, "1AB4", 4));
    struct iovec out[3] = { { "x", 1 }, { "", 0 }, { "yz", 2 } }, in[2] = { { buffer, 3 }, { buffer + 10, 3 } };
    CHECK(writev(file, out, 3) == 3 && preadv(file, in, 2, 7) == 6 && !memcmp(buffer, "789", 3) && !memcmp(buffer + 10, "xyz", 3));
    CHECK(ftruncate(file, 1 << 20) == 0 && lseek(file, 0, SEEK_END) == 1 << 20);
    CHECK(pwrite(file, "end", 3, 1L << 32) == 3);
    struct stat info;
    CHECK(fstat(file, &info) == 0 && info.st_size == (1L << 32) + 3 && info.st_blocks < 1000);
    CHECK(lseek(file, 1 << 16, SEEK_DATA) == 1L << 32);
    CHECK(lseek(file, 0, SEEK_HOLE) == 4096);
    printf("mode %o links %lu size %ld\n", info.st_mode, info.st_nlink, info.st_size);
    int append = open("bytes", O_WRONLY | O_APPEND);
    CHECK(lseek(append, 0, SEEK_SET) == 0 && write(append, "+", 1) == 1 && lseek(append, 0, SEEK_CUR) == (1L << 32) + 4);
    CHECK(ftruncate(file, 3) == 0 && read(append, buffer, 1) == -1 && errno == EBADF);
    close(append);
    int twin = dup(file);
    CHECK(lseek(twin, 1, SEEK_SET) == 1 && lseek(file, 0, SEEK_CUR) == 1);
    CHECK(dup3(file, 200, O_CLOEXEC) == 200 && (fcntl(200, F_GETFD) & FD_CLOEXEC));
    CHECK(fcntl(file, F_DUPFD, 300) == 300 && fcntl(300, F_GETFL) == (O_RDWR | O_LARGEFILE | (fcntl(file, F_GETFL) & ~O_RDWR)));
    CHECK(fsync(file) == 0 && fdatasync(file) == 0 && posix_fallocate(file, 0, 8192) == 0);
    CHECK(flock(file, LOCK_EX | LOCK_NB) == 0);
    int other = open("bytes", O_RDONLY);
    CHECK(flock(other, LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
    CHECK(fcntl(file, F_SETLK, &lock) == 0 && fcntl(file, F_OFD_GETLK, &(struct flock){ .l_type = F_WRLCK, .l_len = 1 }) == 0);
    close(file);
    close(other);
    puts("bytes");
}

static void names(void)
{
    CHECK(mkdir("folder", 0755) == 0 && mkdir("folder", 0755) == -1 && errno == EEXIST);
    CHECK(symlink("folder/../bytes", "link") == 0 && link("bytes", "twin") == 0);
    char target[PATH_MAX] = "";
    CHECK(readlink("link", target, sizeof target) == 15 && !strcmp(target, "folder/../bytes"));
    struct stat a, b;
    CHECK(stat("link", &a) == 0 && lstat("link", &b) == 0 && S_ISREG(a.st_mode) && S_ISLNK(b.st_mode) && a.st_nlink == 2);
    CHECK(open("link", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK(symlink("circle", "circle") == 0 && open("circle", O_RDONLY) == -1 && errno == ELOOP);
    CHECK(rename("twin", "folder/moved") == 0 && rename("nothing", "x") == -1 && errno == ENOENT);
    list("before");
    CHECK(unlink("circle") == 0 && rmdir("folder") == -1 && errno == ENOTEMPTY);
    int folder = open("folder", O_RDONLY | O_DIRECTORY);
    CHECK(openat(folder, "moved/under", O_RDONLY) == -1 && errno == ENOTDIR);
    CHECK(renameat2(folder, "moved", AT_FDCWD, "bytes", RENAME_NOREPLACE) == -1 && errno == EEXIST);
    CHECK(fstatat(folder, "moved", &a, 0) == 0 && unlinkat(folder, "moved", 0) == 0);
    CHECK(mkfifo("pipe", 0600) == 0 && stat("pipe", &a) == 0 && S_ISFIFO(a.st_mode));
    CHECK(fchdir(folder) == 0 && access("../link", R_OK) == 0);
    char here[PATH_MAX];
    CHECK(getcwd(here, sizeof here) && !strcmp(strrchr(here, '/'), "/folder"));
    CHECK(chdir("..") == 0 && rmdir("folder") == 0);
    CHECK(!realpath("link", here)); // "folder/.." leads nowhere once the folder is gone
    CHECK(unlink("link") == 0 && symlink("bytes", "link") == 0 && realpath("link", here) && !strcmp(strrchr(here, '/'), "/bytes"));
    list("after");
    close(folder);
}

static void many(void)
{
    CHECK(mkdir("many", 0700) == 0 && chdir("many") == 0);
    for (int i = 0; i < 1000; i++) {
        char name[64];
        sprintf(name, "a rather long name to fill the buffers of getdents %04d", i);
        int file = open(name, O_CREAT | O_WRONLY, 0600);
        CHECK(file >= 0);
        close(file);
    }
    struct dirent **entries;
    CHECK(scandir(".", &entries, NULL, by_text) == 1002);
    DIR *stream = opendir(".");
    int first = 0, second = 0;
    while (readdir(stream))
        first++;
    rewinddir(stream);
    while (readdir(stream))
        second++;
    closedir(stream);
    CHECK(first == 1002 && second == 1002);
    for (int i = 2; i < 1002; i++)
        CHECK(unlink(entries[i]->d_name) == 0);
    CHECK(chdir("..") == 0 && rmdir("many") == 0);
    puts("a thousand names");
}

static void attributes(void)
{
    CHECK(chmod("bytes", 04751) == 0);
    struct stat info;
    CHECK(stat("bytes", &info) == 0);
    printf("mode %o\n", info.st_mode);
    struct timespec times[2] = { { 1000000000, 123456789 }, { 1500000000, 987654321 } };
    CHECK(utimensat(AT_FDCWD, "bytes", times, 0) == 0 && stat("bytes", &info) == 0);
    printf("times %ld.%ld %ld.%ld\n", info.st_atim.tv_sec, info.st_atim.tv_nsec, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
    struct statx extended;
    CHECK(statx(AT_FDCWD, "bytes", 0, STATX_BASIC_STATS, &extended) == 0 && extended.stx_mtime.tv_sec == 1500000000);
    mode_t mask = umask(027);
    CHECK(umask(mask) == 027);
    struct statvfs volume;
    CHECK(statvfs(".", &volume) == 0 && volume.f_namemax == 255);
    char value[16];
    if (setxattr("bytes", "user.weft", "value", 5, 0) == 0)
        CHECK(getxattr("bytes", "user.weft", value, sizeof value) == 5 && !memcmp(value, "value", 5));
    CHECK(stat("/nonexistent/x", &info) == -1 && errno == ENOENT);
    CHECK(stat((const char *)8, &info) == -1 && errno == EFAULT);
    CHECK(open("bytes/", O_RDONLY) == -1 && errno == ENOTDIR);
    char longName[5000];
    memset(longName, 'n', sizeof longName - 1);
    longName[sizeof longName - 1] = 0;
    CHECK(open(longName, O_RDONLY) == -1 && errno == ENAMETOOLONG);
    puts("attributes");
}

static void watching(void)
{
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    CHECK(inotify_add_watch(watch, ".", IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE) > 0);
    close(open("seen", O_CREAT | O_WRONLY, 0600));
    rename("seen", "moved");
    unlink("moved");
    char buffer[4096] __attribute__((aligned(8)));
    ssize_t count = read(watch, buffer, sizeof buffer);
    for (char *at = buffer; at < buffer + count;) {
        struct inotify_event *event = (void *)at;
        printf("event %x %s\n", event->mask, event->name);
        at += sizeof *event + event->len;
    }
    close(watch);
}

static void copying(void)
{
    int from = open("source", O_RDWR | O_CREAT, 0600), to = open("target", O_RDWR | O_CREAT, 0600), unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
    char page[4096];
    for (int i = 0; i < 256; i++) {
        memset(page, i, sizeof page);
        CHECK(write(from, page, sizeof page) == sizeof page);
    }
    off_t offset = 4096;
    CHECK(sendfile(to, from, &offset, 1 << 19) == 1 << 19 && offset == 4096 + (1 << 19));
    loff_t start = 0;
    CHECK(copy_file_range(from, &start, to, NULL, 8192, 0) == 8192 && start == 8192);
    CHECK(pread(to, page, 2, 0) == 2 && page[0] == 1);
    CHECK(unnamed == -1 || write(unnamed, "x", 1) == 1);
    CHECK(fallocate(from, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096) == 0 || errno == EOPNOTSUPP);
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && splice(from, &(loff_t){ 8192 }, ends[1], NULL, 4096, 0) == 4096);
    CHECK(read(ends[0], page, sizeof page) == 4096 && page[0] == 2);
    close(ends[0]);
    puts("copying in the kernel");
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    CHECK(argc == 2 && chdir(argv[1]) == 0);
    CHECK(mkdir("room", 0700) == 0 && chdir("room") == 0);
    umask(0);
    bytes();
    names();
    many();
    attributes();
    watching();
    copying();
    list("left");
    return 0;
}
