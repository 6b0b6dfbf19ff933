// read and write in all their forms.
#include "scratch.h"

static int filled(void)
{
    int fd = temp_file();
    return write(fd, "0123456789", 10) == 10 ? fd : -1;
}

TEST(reads_move_the_offset)
{
    char b[16];
    int fd = filled();
    EXPECT_EQ(lseek(fd, 0, SEEK_SET), 0);
    EXPECT_EQ(read(fd, b, 4), 4);
    EXPECT_EQ(read(fd, b, 16), 6);
    EXPECT_MEM(b, "456789", 6);
    EXPECT_EQ(read(fd, b, 16), 0);
    close(fd);
}

TEST(positional_calls_leave_the_offset)
{
    char b[16];
    int fd = filled();
    EXPECT_EQ(pread(fd, b, 3, 5), 3);
    EXPECT_MEM(b, "567", 3);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 10);
    EXPECT_EQ(pwrite(fd, "XY", 2, 1), 2);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 10);
    EXPECT_EQ(pread(fd, b, 16, 0), 10);
    EXPECT_MEM(b, "0XY3456789", 10);
    EXPECT_EQ(pread(fd, b, 16, 100), 0);
    close(fd);
}

TEST(positional_calls_refuse)
{
    char b[4] = "";
    int fd = filled(), p[2];
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(pread(fd, b, 4, -1), EINVAL);
    EXPECT_ERRNO(pwrite(fd, b, 4, -1), EINVAL);
    EXPECT_ERRNO(pread(p[0], b, 1, 0), ESPIPE);
    EXPECT_ERRNO(pwrite(p[1], b, 1, 0), ESPIPE);
    EXPECT_ERRNO(pread(-1, b, 1, 0), EBADF);
    close(p[0]);
    close(p[1]);
    close(fd);
}

TEST(writing_beyond_the_end_leaves_a_hole)
{
    char b[8];
    int fd = filled();
    EXPECT_EQ(pwrite(fd, "z", 1, 20), 1);
    EXPECT_EQ(pread(fd, b, 8, 12), 8);
    EXPECT_MEM(b, "\0\0\0\0\0\0\0\0", 8);
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 21);
    close(fd);
}

TEST(vectors_scatter_and_gather)
{
    char a[3], b[5];
    struct iovec v[] = { { a, 3 }, { NULL, 0 }, { b, 5 } };
    int fd = filled();
    lseek(fd, 0, SEEK_SET);
    EXPECT_EQ(readv(fd, v, 3), 8);
    EXPECT_MEM(a, "012", 3);
    EXPECT_MEM(b, "34567", 5);
    EXPECT_EQ(readv(fd, v, 3), 2);
    EXPECT_MEM(a, "89", 2);
    EXPECT_EQ(writev(fd, v, 3), 8);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 18);
    close(fd);
}

TEST(empty_vectors)
{
    struct iovec v = { NULL, 0 };
    int fd = filled();
    EXPECT_EQ(readv(fd, &v, 0), 0);
    EXPECT_EQ(writev(fd, NULL, 0), 0);
    EXPECT_EQ(writev(fd, &v, 1), 0);
    close(fd);
}

TEST(vectors_refuse)
{
    static struct iovec many[1025];
    char b[4];
    struct iovec negative = { b, (size_t)-1 }, over[] = { { b, SSIZE_MAX }, { b, 1 } };
    int fd = filled();
    EXPECT_ERRNO(readv(fd, many, 1025), EINVAL);
    EXPECT_ERRNO(readv(fd, many, -1), EINVAL);
    EXPECT_EQ(readv(fd, many, 1024), 0);
    EXPECT_ERRNO(readv(fd, &negative, 1), EINVAL);
    (void)over;
    EXPECT_ERRNO(readv(fd, BAD, 1), EFAULT);
    EXPECT_ERRNO(writev(-1, &negative, 1), EBADF);
    close(fd);
}

TEST(preadv2_and_pwritev2)
{
    char b[4];
    struct iovec v = { b, 4 }, w = { (void *)"PQ", 2 };
    int fd = filled();
    EXPECT_EQ(preadv(fd, &v, 1, 3), 4);
    EXPECT_MEM(b, "3456", 4);
    EXPECT_EQ(preadv2(fd, &v, 1, 0, 0), 4);
    lseek(fd, 8, SEEK_SET);
    EXPECT_EQ(preadv2(fd, &v, 1, -1, 0), 2); // -1: the file's own offset, moved
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 10);
    EXPECT_EQ(pwritev(fd, &w, 1, 0), 2);
    EXPECT_EQ(pwritev2(fd, &w, 1, 0, RWF_APPEND), 2);
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 12);
    EXPECT_EQ(pwritev2(fd, &w, 1, 2, RWF_DSYNC), 2);
    EXPECT_ERRNO(preadv2(fd, &v, 1, 0, 0x10000), EOPNOTSUPP);
    EXPECT_ERRNO(preadv(fd, &v, 1, -1), EINVAL);
    EXPECT_ERRNO(preadv2(fd, &v, 1, -2, 0), EINVAL);
    close(fd);
}

TEST(bad_buffers_give_efault)
{
    int fd = filled();
    lseek(fd, 0, SEEK_SET);
    EXPECT_ERRNO(read(fd, BAD, 4), EFAULT);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 0);
    EXPECT_ERRNO(write(fd, BAD, 4), EFAULT);
    EXPECT_ERRNO(read(fd, (void *)0xffff800000000000, 4), EFAULT);
    EXPECT_ERRNO(pread(fd, NULL, 4, 0), EFAULT);
    EXPECT_EQ(read(fd, BAD, 0), 0);
    EXPECT_EQ(write(fd, BAD, 0), 0);
    close(fd);
}

TEST(a_read_into_a_hole_is_partial)
{
    int fd = filled();
    char *p = page_before_hole();
    REQUIRE(p);
    EXPECT_EQ(pread(fd, p + PAGE - 4, 10, 0), 4);
    EXPECT_MEM(p + PAGE - 4, "0123", 4);
    EXPECT_ERRNO(pread(fd, p + PAGE, 10, 0), EFAULT);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(a_write_from_a_hole_is_partial)
{
    int fd = temp_file();
    char *p = page_before_hole();
    REQUIRE(p);
    memset(p, 'w', PAGE);
    ssize_t n = write(fd, p + PAGE - 5, 10);
    EXPECT_EQ(n, 5);
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 5);
    EXPECT_ERRNO(write(fd, p + PAGE, 10), EFAULT);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(a_vector_with_a_bad_part_is_partial)
{
    char b[4] = "abc";
    struct iovec v[] = { { b, 3 }, { BAD, 4 } }, w[] = { { BAD, 4 }, { b, 3 } };
    int fd = temp_file();
    EXPECT_EQ(writev(fd, v, 2), 3);
    EXPECT_ERRNO(writev(fd, w, 2), EFAULT);
    lseek(fd, 0, SEEK_SET);
    pwrite(fd, "0123456789", 10, 0);
    EXPECT_EQ(readv(fd, v, 2), 3);
    EXPECT_MEM(b, "012", 3);
    close(fd);
}

TEST(a_read_into_read_only_memory)
{
    int fd = filled();
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(pread(fd, p, 4, 0), EFAULT);
    munmap(p, PAGE);
    close(fd);
}

TEST(directories_cannot_be_read)
{
    char b[8];
    int d = open("/", O_RDONLY);
    EXPECT_ERRNO(read(d, b, 8), EISDIR);
    EXPECT_ERRNO(pread(d, b, 8, 0), EISDIR);
    EXPECT_ERRNO(write(d, b, 8), EBADF);
    close(d);
}

TEST(bad_descriptors)
{
    char b[4];
    EXPECT_ERRNO(read(-1, b, 4), EBADF);
    EXPECT_ERRNO(write(9999, b, 4), EBADF);
    EXPECT_ERRNO(read(INT_MAX, b, 4), EBADF);
    EXPECT_ERRNO(close(-1), EBADF);
    EXPECT_ERRNO(fsync(-1), EBADF);
}

TEST(large_transfers)
{
    size_t size = 3 << 20;
    char *p = malloc(size), *q = malloc(size);
    int fd = temp_file();
    REQUIRE(p && q);
    for (size_t i = 0; i < size; i++)
        p[i] = (char)(i * 31 >> 8);
    EXPECT_EQ(write(fd, p, size), (ssize_t)size);
    EXPECT_EQ(pread(fd, q, size, 0), (ssize_t)size);
    EXPECT_MEM(p, q, size);
    close(fd);
    free(p);
    free(q);
}

TEST(lengths_are_capped_not_refused)
{
    char b[16];
    int fd = filled();
    EXPECT_EQ(pread(fd, b, 10, 0), 10);
    // A length beyond the address space is EFAULT or a capped transfer; a short file answers what it has.
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    EXPECT_EQ(pread(fd, p, 0x7ffff000, 0), 10);
    EXPECT_ERRNO(pread(fd, p, (size_t)-1, 0), EFAULT);
    munmap(p, PAGE);
    close(fd);
}

TEST(sync_calls)
{
    int fd = filled();
    EXPECT_OK(fsync(fd));
    EXPECT_OK(fdatasync(fd));
    EXPECT_OK(sync_file_range(fd, 0, 4, SYNC_FILE_RANGE_WRITE));
    EXPECT_ERRNO(sync_file_range(fd, 0, 4, 0x100), EINVAL);
    EXPECT_ERRNO(sync_file_range(fd, -1, 4, 0), EINVAL);
    int p[2], memory = memfd_create("synced", 0);
    EXPECT_OK(syncfs(memory)); // not the disk's file system: that could take long
    close(memory);
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(fsync(p[0]), EINVAL);
    close(p[0]);
    close(p[1]);
    close(fd);
}

TEST(advice_and_readahead)
{
    int fd = filled(), p[2];
    EXPECT_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
    EXPECT_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    EXPECT_EQ(posix_fadvise(fd, 0, 0, 77), EINVAL);
    REQUIRE(pipe(p) == 0);
    EXPECT_EQ(posix_fadvise(p[0], 0, 0, POSIX_FADV_NORMAL), ESPIPE);
    EXPECT_OK(readahead(fd, 0, 10));
    EXPECT_ERRNO(readahead(-1, 0, 10), EBADF);
    close(p[0]);
    close(p[1]);
    close(fd);
}

TEST(dup_shares_the_offset)
{
    char b[4];
    int fd = filled(), copy = dup(fd);
    lseek(fd, 2, SEEK_SET);
    EXPECT_EQ(read(copy, b, 2), 2);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 4);
    close(copy);
    close(fd);
}

static int shared_fd;
static void *append_lines(void *p)
{
    char line[32];
    memset(line, 'a' + (int)(intptr_t)p, sizeof line);
    line[31] = '\n';
    for (int i = 0; i < 200; i++)
        if (write(shared_fd, line, sizeof line) != sizeof line)
            return (void *)1;
    return NULL;
}

TEST(appends_of_threads_do_not_mix)
{
    pthread_t t[3];
    char path[64], line[33];
    int fd = temp_file();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    shared_fd = open(path, O_WRONLY | O_APPEND);
    REQUIRE(shared_fd >= 0);
    for (intptr_t i = 0; i < 3; i++)
        REQUIRE(pthread_create(&t[i], NULL, append_lines, (void *)i) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 3 * 200 * 32);
    for (int i = 0; i < 600; i++) {
        EXPECT_EQ(pread(fd, line, 32, i * 32), 32);
        for (int j = 1; j < 31; j++)
            EXPECT_EQ(line[j], line[0]);
        EXPECT_EQ(line[31], '\n');
    }
    close(shared_fd);
    close(fd);
}

MAIN()
