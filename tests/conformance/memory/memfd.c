// memfd_create and seals.
#include "fault.h"

static int sealable(size_t size)
{
    int fd = memfd_create("sealable", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && ftruncate(fd, (off_t)size) != 0)
        return -1;
    return fd;
}

TEST(a_memfd_reads_and_writes)
{
    int fd = memfd_create("plain", 0);
    char b[6] = "";
    REQUIRE(fd >= 0);
    EXPECT_EQ(write(fd, "hello", 5), 5);
    EXPECT_EQ(pread(fd, b, 5, 0), 5);
    EXPECT_STR(b, "hello");
    EXPECT_EQ(lseek(fd, 0, SEEK_END), 5);
    close(fd);
}

TEST(cloexec_is_as_asked)
{
    int a = memfd_create("a", 0), b = memfd_create("b", MFD_CLOEXEC);
    EXPECT_EQ(fcntl(a, F_GETFD), 0);
    EXPECT_EQ(fcntl(b, F_GETFD), FD_CLOEXEC);
    close(a);
    close(b);
}

TEST(bad_arguments_are_refused)
{
    char name[300];
    memset(name, 'x', sizeof name);
    name[299] = 0;
    EXPECT_ERRNO(memfd_create(name, 0), EINVAL);
    EXPECT_ERRNO(memfd_create("a", 0x400000), EINVAL);
    EXPECT_ERRNO(memfd_create(BAD, 0), EFAULT);
}

TEST(the_link_names_it)
{
    char path[64], to[64] = "";
    int fd = memfd_create("named", 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    EXPECT(readlink(path, to, sizeof to - 1) > 0);
    EXPECT_STR(to, "/memfd:named (deleted)");
    close(fd);
}

TEST(without_sealing_the_seal_is_set)
{
    int fd = memfd_create("a", 0);
    EXPECT_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
    EXPECT_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
    close(fd);
}

TEST(seal_shrink)
{
    int fd = sealable(2 * PAGE);
    EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    EXPECT_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK);
    EXPECT_ERRNO(ftruncate(fd, PAGE), EPERM);
    EXPECT_OK(ftruncate(fd, 3 * PAGE));
    close(fd);
}

TEST(seal_grow)
{
    int fd = sealable(PAGE);
    EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    EXPECT_ERRNO(ftruncate(fd, 2 * PAGE), EPERM);
    EXPECT_ERRNO(pwrite(fd, "x", 1, PAGE), EPERM);
    EXPECT_ERRNO(fallocate(fd, 0, 0, 2 * PAGE), EPERM);
    EXPECT_OK(ftruncate(fd, 100));
    close(fd);
}

TEST(seal_write)
{
    int fd = sealable(PAGE);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    munmap(p, PAGE);
    EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    EXPECT_ERRNO(write(fd, "x", 1), EPERM);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
    EXPECT_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    *p = 1;
    munmap(p, PAGE);
    close(fd);
}

TEST(seal_future_write)
{
    int fd = sealable(PAGE);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_OK(fcntl(fd, F_ADD_SEALS, 0x10 /* F_SEAL_FUTURE_WRITE */));
    *p = 3;
    EXPECT_ERRNO(write(fd, "x", 1), EPERM);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
    munmap(p, PAGE);
    close(fd);
}

TEST(seal_seal_ends_sealing)
{
    int fd = sealable(PAGE);
    EXPECT_OK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL));
    EXPECT_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), EPERM);
    EXPECT_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SEAL);
    close(fd);
}

TEST(other_files_have_no_seals)
{
    int fd = temp_file();
    EXPECT_ERRNO(fcntl(fd, F_GET_SEALS), EINVAL);
    close(fd);
}

TEST(punching_a_hole_zeroes_mapped_pages)
{
    int fd = sealable(4 * PAGE);
    struct stat s;
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    memset(p, 3, 4 * PAGE);
    EXPECT_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 2 * PAGE));
    EXPECT_EQ(p[0], 3);
    EXPECT_EQ(p[PAGE], 0);
    EXPECT_EQ(p[3 * PAGE - 1], 0);
    EXPECT_EQ(p[3 * PAGE], 3);
    fstat(fd, &s);
    EXPECT_EQ(s.st_size, 4 * PAGE);
    munmap(p, 4 * PAGE);
    close(fd);
}

TEST(a_memfd_can_be_opened_through_proc)
{
    int fd = sealable(PAGE);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_RDONLY);
    REQUIRE(again >= 0);
    EXPECT_EQ(pwrite(fd, "q", 1, 0), 1);
    char c = 0;
    EXPECT_EQ(read(again, &c, 1), 1);
    EXPECT_EQ(c, 'q');
    EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 0);
    close(again);
    close(fd);
}

TEST(memfd_secret_or_enosys)
{
    long fd = syscall(447, 0);
    if (fd < 0)
        EXPECT(errno == ENOSYS || errno == EOPNOTSUPP);
    else
        close((int)fd);
}

MAIN()
