// lseek, truncate, fallocate, copy_file_range, sendfile, splice between files and pipes.
#include "scratch.h"
#include <sys/sendfile.h>
#include <sys/statfs.h>

TEST(lseek_whence)
{
    int fd = temp_pages(2);
    EXPECT_EQ(lseek(fd, 10, SEEK_SET), 10);
    EXPECT_EQ(lseek(fd, 5, SEEK_CUR), 15);
    EXPECT_EQ(lseek(fd, -1, SEEK_END), 2 * PAGE - 1);
    EXPECT_EQ(lseek(fd, 100000, SEEK_SET), 100000);
    EXPECT_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL);
    EXPECT_ERRNO(lseek(fd, -200000, SEEK_CUR), EINVAL);
    EXPECT_ERRNO(lseek(fd, 0, 99), EINVAL);
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 100000);
    close(fd);
}

TEST(lseek_of_what_has_no_offset)
{
    int p[2];
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(lseek(p[0], 0, SEEK_CUR), ESPIPE);
    EXPECT_ERRNO(lseek(-1, 0, SEEK_CUR), EBADF);
    close(p[0]);
    close(p[1]);
}

TEST(seek_data_and_hole)
{
    int fd = temp_file();
    REQUIRE(ftruncate(fd, 1 << 20) == 0);
    EXPECT_EQ(pwrite(fd, "data", 4, 512 * 1024), 4);
    EXPECT_EQ(lseek(fd, 0, SEEK_HOLE), 0);
    EXPECT_EQ(lseek(fd, 0, SEEK_DATA), 512 * 1024);
    EXPECT_EQ(lseek(fd, 512 * 1024, SEEK_HOLE), 512 * 1024 + 4096);
    EXPECT_ERRNO(lseek(fd, 600 * 1024, SEEK_DATA), ENXIO);
    EXPECT_ERRNO(lseek(fd, 1 << 20, SEEK_HOLE), ENXIO);
    EXPECT_ERRNO(lseek(fd, -1, SEEK_DATA), ENXIO);
    close(fd);
}

TEST(truncate_grows_with_zeroes_and_shrinks)
{
    SCRATCH();
    char b[4];
    struct stat s;
    REQUIRE(put("f", "abcdef"));
    EXPECT_OK(truncate("f", 3));
    EXPECT_STR(get("f"), "abc");
    EXPECT_OK(truncate("f", 8));
    stat("f", &s);
    EXPECT_EQ(s.st_size, 8);
    int fd = open("f", O_RDWR);
    EXPECT_EQ(pread(fd, b, 4, 3), 4);
    EXPECT_MEM(b, "\0\0\0\0", 4);
    EXPECT_OK(ftruncate(fd, 0));
    EXPECT_EQ(read(fd, b, 4), 0);
    close(fd);
}

TEST(truncate_errors)
{
    SCRATCH();
    mkdir("d", 0755);
    REQUIRE(put("f", ""));
    EXPECT_ERRNO(truncate("f", -1), EINVAL);
    EXPECT_ERRNO(truncate("none", 0), ENOENT);
    EXPECT_ERRNO(truncate("d", 0), EISDIR);
    EXPECT_ERRNO(ftruncate(-1, 0), EBADF);
    int p[2];
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(ftruncate(p[1], 0), EINVAL);
    close(p[0]);
    close(p[1]);
}

TEST(fallocate_modes)
{
    int fd = temp_file();
    struct stat s;
    char b[4];
    EXPECT_OK(fallocate(fd, 0, 0, 3 * PAGE));
    fstat(fd, &s);
    EXPECT_EQ(s.st_size, 3 * PAGE);
    EXPECT(s.st_blocks >= 24);
    EXPECT_OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 8 * PAGE));
    fstat(fd, &s);
    EXPECT_EQ(s.st_size, 3 * PAGE);
    EXPECT_EQ(pwrite(fd, "abcd", 4, PAGE), 4);
    EXPECT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
    EXPECT_EQ(pread(fd, b, 4, PAGE), 4);
    EXPECT_MEM(b, "\0\0\0\0", 4);
    close(fd);
}

TEST(fallocate_errors)
{
    int fd = temp_file(), p[2];
    EXPECT_ERRNO(fallocate(fd, 0, -1, 10), EINVAL);
    EXPECT_ERRNO(fallocate(fd, 0, 0, 0), EINVAL);
    EXPECT_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
    REQUIRE(pipe(p) == 0);
    EXPECT_ERRNO(fallocate(p[1], 0, 0, 10), ESPIPE);
    EXPECT_ERRNO(fallocate(-1, 0, 0, 10), EBADF);
    close(p[0]);
    close(p[1]);
    close(fd);
}

TEST(posix_fallocate_extends)
{
    int fd = temp_file();
    EXPECT_EQ(posix_fallocate(fd, 0, 10000), 0);
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 10000);
    close(fd);
}

TEST(copy_file_range_copies)
{
    int from = temp_pages(2), to = temp_file();
    off_t in = PAGE - 2, out = 10;
    char b[4];
    EXPECT_EQ(copy_file_range(from, &in, to, &out, 4, 0), 4);
    EXPECT_EQ(in, PAGE + 2);
    EXPECT_EQ(out, 14);
    EXPECT_EQ(pread(to, b, 4, 10), 4);
    EXPECT_MEM(b, "AABB", 4);
    lseek(from, 0, SEEK_SET);
    EXPECT_EQ(copy_file_range(from, NULL, to, NULL, 3 * PAGE, 0), 2 * PAGE);
    EXPECT_EQ(lseek(from, 0, SEEK_CUR), 2 * PAGE);
    EXPECT_EQ(copy_file_range(from, NULL, to, NULL, 10, 0), 0);
    EXPECT_ERRNO(copy_file_range(from, NULL, to, NULL, 10, 1), EINVAL);
    EXPECT_ERRNO(copy_file_range(from, BAD, to, NULL, 10, 0), EFAULT);
    EXPECT_ERRNO(copy_file_range(-1, NULL, to, NULL, 10, 0), EBADF);
    close(from);
    close(to);
}

TEST(sendfile_to_a_file_and_a_pipe)
{
    int from = temp_pages(2), to = temp_file(), p[2];
    off_t at = PAGE - 1;
    char b[4];
    EXPECT_EQ(sendfile(to, from, &at, 3), 3);
    EXPECT_EQ(at, PAGE + 2);
    EXPECT_EQ(pread(to, b, 3, 0), 3);
    EXPECT_MEM(b, "ABB", 3);
    REQUIRE(pipe(p) == 0);
    lseek(from, 5, SEEK_SET);
    EXPECT_EQ(sendfile(p[1], from, NULL, 4), 4);
    EXPECT_EQ(lseek(from, 0, SEEK_CUR), 9);
    EXPECT_EQ(read(p[0], b, 4), 4);
    at = 2 * PAGE;
    EXPECT_EQ(sendfile(to, from, &at, 10), 0);
    EXPECT_ERRNO(sendfile(to, from, BAD, 10), EFAULT);
    at = -1;
    EXPECT_ERRNO(sendfile(to, from, &at, 10), EINVAL);
    EXPECT_ERRNO(sendfile(to, p[0], &at, 10), ESPIPE);
    close(p[0]);
    close(p[1]);
    close(from);
    close(to);
}

TEST(splice_between_a_pipe_and_a_file)
{
    int from = temp_pages(1), to = temp_file(), p[2];
    off_t in = 3, out = 7;
    char b[8];
    REQUIRE(pipe(p) == 0);
    EXPECT_EQ(splice(from, &in, p[1], NULL, 5, 0), 5);
    EXPECT_EQ(in, 8);
    EXPECT_EQ(splice(p[0], NULL, to, &out, 100, SPLICE_F_NONBLOCK), 5);
    EXPECT_EQ(out, 12);
    EXPECT_EQ(pread(to, b, 5, 7), 5);
    EXPECT_MEM(b, "AAAAA", 5);
    EXPECT_ERRNO(splice(p[0], NULL, to, NULL, 10, SPLICE_F_NONBLOCK), EAGAIN);
    EXPECT_ERRNO(splice(from, NULL, to, NULL, 10, 0), EINVAL);
    EXPECT_ERRNO(splice(p[0], &in, to, NULL, 10, 0), ESPIPE);
    EXPECT_ERRNO(splice(from, &in, p[1], NULL, 10, 0x100), EINVAL);
    EXPECT_ERRNO(splice(-1, NULL, p[1], NULL, 10, 0), EBADF);
    close(p[0]);
    close(p[1]);
    close(from);
    close(to);
}

TEST(statfs_answers)
{
    struct statfs s, t;
    EXPECT_OK(statfs("/", &s));
    EXPECT(s.f_bsize > 0 && s.f_blocks > 0 && s.f_namelen == 255);
    int fd = open("/", O_RDONLY);
    EXPECT_OK(fstatfs(fd, &t));
    EXPECT_EQ(s.f_type, t.f_type);
    EXPECT_OK(statfs("/proc", &s));
    EXPECT_EQ(s.f_type, 0x9fa0);
    EXPECT_OK(statfs("/dev/shm", &s));
    EXPECT_EQ(s.f_type, 0x01021994);
    EXPECT_ERRNO(statfs("/none", &s), ENOENT);
    EXPECT_ERRNO(statfs("/", BAD), EFAULT);
    EXPECT_ERRNO(fstatfs(-1, &s), EBADF);
    close(fd);
}

MAIN()
