// mmap of files: shared and private, tails, ends, permissions, several views.
#include "fault.h"

TEST(private_map_shows_the_file)
{
    int fd = temp_pages(3);
    char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(p[0], 'A');
    EXPECT_EQ(p[PAGE], 'B');
    EXPECT_EQ(p[3 * PAGE - 1], 'C');
    munmap(p, 3 * PAGE);
    close(fd);
}

TEST(map_outlives_its_descriptor)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(p[10], 'A');
    munmap(p, PAGE);
}

TEST(offset_selects_the_page)
{
    int fd = temp_pages(3);
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(p[0], 'C');
    munmap(p, PAGE);
    close(fd);
}

TEST(private_stores_do_not_reach_the_file)
{
    int fd = temp_pages(1);
    char c = 0;
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    p[5] = 'z';
    EXPECT_EQ(pread(fd, &c, 1, 5), 1);
    EXPECT_EQ(c, 'A');
    EXPECT_EQ(p[5], 'z');
    munmap(p, PAGE);
    close(fd);
}

TEST(private_page_follows_the_file_until_written)
{
    int fd = temp_pages(2);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    p[0] = 'x';
    EXPECT_EQ(pwrite(fd, "yy", 2, 1), 2);
    EXPECT_EQ(pwrite(fd, "w", 1, PAGE), 1);
    EXPECT_EQ(p[1], 'A');
    EXPECT_EQ(p[PAGE], 'w');
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(private_map_of_a_read_only_file_may_be_written)
{
    int fd = temp_pages(1);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int ro = open(path, O_RDONLY);
    REQUIRE(ro >= 0);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);
    REQUIRE(p != MAP_FAILED);
    p[0] = 1;
    munmap(p, PAGE);
    close(ro);
    close(fd);
}

TEST(shared_stores_reach_the_file)
{
    int fd = temp_pages(2);
    char c = 0;
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    p[PAGE + 7] = 'q';
    EXPECT_EQ(pread(fd, &c, 1, PAGE + 7), 1);
    EXPECT_EQ(c, 'q');
    EXPECT_EQ(pwrite(fd, "r", 1, 3), 1);
    EXPECT_EQ(p[3], 'r');
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(two_shared_views_agree)
{
    int fd = temp_pages(2);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
    REQUIRE(p != MAP_FAILED && q != MAP_FAILED);
    q[9] = 'k';
    EXPECT_EQ(p[PAGE + 9], 'k');
    p[PAGE + 10] = 'l';
    EXPECT_EQ(q[10], 'l');
    munmap(p, 2 * PAGE);
    munmap(q, PAGE);
    close(fd);
}

TEST(tail_of_the_last_page_is_zero)
{
    int fd = temp_file();
    REQUIRE(write(fd, "hello", 5) == 5);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_MEM(p, "hello", 5);
    for (size_t i = 5; i < PAGE; i++)
        EXPECT_EQ(p[i], 0);
    munmap(p, PAGE);
    close(fd);
}

TEST(stores_in_the_tail_do_not_grow_the_file)
{
    int fd = temp_file();
    struct stat s;
    REQUIRE(write(fd, "hello", 5) == 5);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    p[100] = 'x';
    EXPECT_OK(msync(p, PAGE, MS_SYNC));
    fstat(fd, &s);
    EXPECT_EQ(s.st_size, 5);
    munmap(p, PAGE);
    close(fd);
}

TEST(beyond_the_end_is_a_bus_error)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(fault_read(p + PAGE - 1).signal, 0);
    struct fault f = fault_read(p + PAGE + 8);
    EXPECT_EQ(f.signal, SIGBUS);
    EXPECT_EQ(f.code, BUS_ADRERR);
    EXPECT(f.address == p + PAGE + 8);
    munmap(p, 3 * PAGE);
    close(fd);
}

TEST(beyond_the_end_of_a_private_map_is_a_bus_error)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    struct fault f = fault_write(p + PAGE);
    EXPECT_EQ(f.signal, SIGBUS);
    EXPECT(f.address == p + PAGE);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(a_grown_file_fills_the_map)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(fault_read(p + PAGE).signal, SIGBUS);
    REQUIRE(ftruncate(fd, 2 * PAGE) == 0);
    EXPECT_EQ(fault_write(p + PAGE).signal, 0);
    EXPECT_EQ(p[PAGE], 1);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(a_shrunk_file_empties_the_map)
{
    int fd = temp_pages(2);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(fault_read(p + PAGE).signal, 0);
    REQUIRE(ftruncate(fd, PAGE) == 0);
    EXPECT_EQ(fault_read(p + PAGE).signal, SIGBUS);
    EXPECT_EQ(fault_read(p).signal, 0);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(system_calls_beyond_the_end_give_efault)
{
    int fd = temp_pages(1), pipes[2];
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED && pipe(pipes) == 0);
    EXPECT_ERRNO(write(pipes[1], p + PAGE, 4), EFAULT);
    EXPECT_EQ(write(pipes[1], "abcd", 4), 4);
    EXPECT_ERRNO(read(pipes[0], p + PAGE, 4), EFAULT);
    munmap(p, 2 * PAGE);
    close(pipes[0]);
    close(pipes[1]);
    close(fd);
}

TEST(loader_style_overlay)
{
    // What ld.so does: map the whole length, lay segments over it, zero the tail, then anonymous bss behind.
    int fd = temp_pages(4);
    char *p = mmap(NULL, 6 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT(mmap(p + PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, PAGE) == p + PAGE);
    EXPECT(mmap(p + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 2 * PAGE) == p + 2 * PAGE);
    memset(p + 3 * PAGE + 100, 0, PAGE - 100);
    EXPECT(mmap(p + 4 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) == p + 4 * PAGE);
    EXPECT_EQ(p[0], 'A');
    EXPECT_EQ(p[PAGE], 'B');
    EXPECT_EQ(p[2 * PAGE], 'C');
    EXPECT_EQ(p[3 * PAGE + 99], 'D');
    EXPECT_EQ(p[3 * PAGE + 100], 0);
    EXPECT_EQ(p[5 * PAGE], 0);
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    EXPECT_EQ(fault_write(p + PAGE).signal, SIGSEGV);
    EXPECT_EQ(fault_write(p + 5 * PAGE).signal, 0);
    munmap(p, 6 * PAGE);
    close(fd);
}

TEST(shared_writable_needs_a_writable_descriptor)
{
    int ro = open("/proc/self/exe", O_RDONLY);
    REQUIRE(ro >= 0);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_MEM(p, "\177ELF", 4);
    EXPECT_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
    munmap(p, PAGE);
    close(ro);
}

TEST(a_write_only_descriptor_cannot_be_mapped)
{
    char path[64];
    int fd = temp_pages(1);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int wo = open(path, O_WRONLY);
    REQUIRE(wo >= 0);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, wo, 0), EACCES);
    close(wo);
    close(fd);
}

TEST(bad_descriptors_are_refused)
{
    int pipes[2];
    REQUIRE(pipe(pipes) == 0);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0), EBADF);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 9999, 0), EBADF);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, pipes[0], 0), ENODEV);
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dir, 0), ENODEV);
    int path = open("/", O_PATH);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, path, 0), EBADF);
    close(path);
    close(dir);
    close(pipes[0]);
    close(pipes[1]);
}

TEST(dev_zero_maps_zeroes)
{
    int fd = open("/dev/zero", O_RDWR);
    REQUIRE(fd >= 0);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(p[PAGE], 0);
    p[PAGE] = 1;
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(dev_shm_files_are_shared)
{
    char name[64];
    snprintf(name, sizeof name, "/conformance-%d", getpid());
    int a = shm_open(name, O_RDWR | O_CREAT | O_TRUNC, 0600), b = shm_open(name, O_RDWR, 0);
    REQUIRE(a >= 0 && b >= 0);
    EXPECT_OK(shm_unlink(name));
    REQUIRE(ftruncate(a, PAGE) == 0);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, a, 0);
    char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, b, 0);
    REQUIRE(p != MAP_FAILED && q != MAP_FAILED);
    strcpy(p, "seen");
    EXPECT_STR(q, "seen");
    EXPECT_ERRNO(shm_open(name, O_RDWR, 0), ENOENT);
    munmap(p, PAGE);
    munmap(q, PAGE);
    close(a);
    close(b);
}

TEST(read_into_a_map_of_the_same_file)
{
    int fd = temp_pages(2);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(pread(fd, p, PAGE, PAGE), (ssize_t)PAGE);
    EXPECT_EQ(p[0], 'B');
    EXPECT_EQ(pwrite(fd, p, 10, PAGE + 5), 10);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(a_map_of_an_empty_file_succeeds_and_faults)
{
    int fd = temp_file();
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(fault_read(p).signal, SIGBUS);
    munmap(p, PAGE);
    close(fd);
}

TEST(a_map_wholly_beyond_the_end_succeeds_and_faults)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 64 * PAGE);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(fault_read(p).signal, SIGBUS);
    munmap(p, PAGE);
    close(fd);
}

TEST(a_writable_then_protected_private_page_keeps_its_copy)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    p[0] = 'r';
    EXPECT_OK(mprotect(p, PAGE, PROT_READ));
    EXPECT_EQ(p[0], 'r');
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    EXPECT_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    p[1] = 's';
    EXPECT_EQ(p[0], 'r');
    munmap(p, PAGE);
    close(fd);
}

MAIN()
