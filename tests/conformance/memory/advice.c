// madvise, mincore, msync, mlock.
#include "fault.h"

TEST(dontneed_zeroes_private_memory)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    memset(p, 1, 3 * PAGE);
    EXPECT_OK(madvise(p + PAGE, PAGE, MADV_DONTNEED));
    EXPECT_EQ(p[0], 1);
    EXPECT_EQ(p[PAGE], 0);
    EXPECT_EQ(p[2 * PAGE - 1], 0);
    EXPECT_EQ(p[2 * PAGE], 1);
    p[PAGE] = 2;
    EXPECT_EQ(p[PAGE], 2);
    munmap(p, 3 * PAGE);
}

TEST(dontneed_on_a_private_file_map_shows_the_file_again)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    p[0] = 'z';
    EXPECT_OK(madvise(p, PAGE, MADV_DONTNEED));
    EXPECT_EQ(p[0], 'A');
    munmap(p, PAGE);
    close(fd);
}

TEST(dontneed_on_shared_memory_keeps_it)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    p[3] = 4;
    EXPECT_OK(madvise(p, PAGE, MADV_DONTNEED));
    EXPECT_EQ(p[3], 4);
    munmap(p, PAGE);
}

TEST(dontneed_works_on_protected_memory)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = 1;
    mprotect(p, PAGE, PROT_NONE);
    EXPECT_OK(madvise(p, PAGE, MADV_DONTNEED));
    mprotect(p, PAGE, PROT_READ);
    EXPECT_EQ(*p, 0);
    munmap(p, PAGE);
}

TEST(free_keeps_a_later_store)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = 1;
    EXPECT_OK(madvise(p, PAGE, MADV_FREE));
    EXPECT(*p == 1 || *p == 0);
    *p = 2;
    EXPECT_EQ(*p, 2);
    munmap(p, PAGE);
}

TEST(free_refuses_shared_and_file_memory)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED && q != MAP_FAILED);
    EXPECT_ERRNO(madvise(p, PAGE, MADV_FREE), EINVAL);
    EXPECT_ERRNO(madvise(q, PAGE, MADV_FREE), EINVAL);
    munmap(p, PAGE);
    munmap(q, PAGE);
    close(fd);
}

TEST(remove_punches_a_hole_in_shared_memory)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    memset(p, 5, 2 * PAGE);
    EXPECT_OK(madvise(p, PAGE, MADV_REMOVE));
    EXPECT_EQ(p[0], 0);
    EXPECT_EQ(p[PAGE], 5);
    munmap(p, 2 * PAGE);
}

TEST(hints_are_taken)
{
    char *p = anon_pages(16, PROT_READ | PROT_WRITE);
    int hints[] = { MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_COLD };
    REQUIRE(p);
    memset(p, 7, 16 * PAGE);
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        EXPECT_EQ(madvise(p, 16 * PAGE, hints[i]), 0);
    EXPECT_EQ(p[15 * PAGE], 7);
    munmap(p, 16 * PAGE);
}

TEST(huge_page_hints_are_taken)
{
    char *p = anon_pages(1024, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    int r = madvise(p, 1024 * PAGE, MADV_HUGEPAGE);
    EXPECT(r == 0 || errno == EINVAL);
    memset(p, 7, 1024 * PAGE);
    r = madvise(p + 3 * PAGE, PAGE, MADV_NOHUGEPAGE);
    EXPECT(r == 0 || errno == EINVAL);
    EXPECT_EQ(p[3 * PAGE], 7);
    munmap(p, 1024 * PAGE);
}

TEST(populate_write_fills)
{
    unsigned char present[3] = { 0 };
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    EXPECT_OK(madvise(p, 3 * PAGE, MADV_POPULATE_WRITE));
    EXPECT_OK(mincore(p, 3 * PAGE, present));
    EXPECT(present[0] & present[1] & present[2] & 1);
    EXPECT_OK(madvise(p, 3 * PAGE, MADV_POPULATE_READ));
    mprotect(p, PAGE, PROT_READ);
    EXPECT_ERRNO(madvise(p, 3 * PAGE, MADV_POPULATE_WRITE), EINVAL);
    munmap(p, 3 * PAGE);
}

TEST(advice_refuses_bad_arguments)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    EXPECT_ERRNO(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
    EXPECT_ERRNO(madvise(p, PAGE, 12345), EINVAL);
    EXPECT_OK(madvise(p, 0, MADV_DONTNEED));
    EXPECT_OK(madvise(p, 1, MADV_DONTNEED));
    munmap(p + PAGE, PAGE);
    memset(p + 2 * PAGE, 1, PAGE);
    EXPECT_ERRNO(madvise(p, 3 * PAGE, MADV_DONTNEED), ENOMEM);
    // The parts on either side of the hole were still done.
    EXPECT_EQ(p[2 * PAGE], 0);
    munmap(p, 3 * PAGE);
}

TEST(mincore_tells_touched_pages)
{
    unsigned char present[4];
    char *p = anon_pages(4, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    p[0] = p[2 * PAGE] = 1;
    EXPECT_OK(mincore(p, 4 * PAGE, present));
    EXPECT_EQ(present[0] & 1, 1);
    EXPECT_EQ(present[2] & 1, 1);
    munmap(p, 4 * PAGE);
}

TEST(mincore_refuses_bad_arguments)
{
    unsigned char present[4];
    char *p = anon_pages(2, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    EXPECT_ERRNO(mincore(p + 1, PAGE, present), EINVAL);
    EXPECT_ERRNO(mincore(p, PAGE, BAD), EFAULT);
    munmap(p + PAGE, PAGE);
    EXPECT_ERRNO(mincore(p, 2 * PAGE, present), ENOMEM);
    munmap(p, PAGE);
}

TEST(msync_flags)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_OK(msync(p, PAGE, MS_SYNC));
    EXPECT_OK(msync(p, PAGE, MS_ASYNC));
    EXPECT_OK(msync(p, PAGE, MS_SYNC | MS_INVALIDATE));
    EXPECT_ERRNO(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    EXPECT_ERRNO(msync(p, PAGE, 64), EINVAL);
    EXPECT_ERRNO(msync(p + 1, PAGE, MS_SYNC), EINVAL);
    munmap(p, PAGE);
    EXPECT_ERRNO(msync(p, PAGE, MS_SYNC), ENOMEM);
    close(fd);
}

TEST(mlock_and_munlock)
{
    char *p = anon_pages(4, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    EXPECT_OK(mlock(p, 4 * PAGE));
    EXPECT_OK(mlock(p + 5, 10));
    p[PAGE] = 1;
    EXPECT_OK(munlock(p, 4 * PAGE));
    EXPECT_OK(mlock2(p, PAGE, MLOCK_ONFAULT));
    EXPECT_ERRNO(mlock2(p, PAGE, 8), EINVAL);
    munmap(p + PAGE, PAGE);
    EXPECT_ERRNO(mlock(p, 3 * PAGE), ENOMEM);
    EXPECT_ERRNO(munlock(p, 3 * PAGE), ENOMEM);
    munmap(p, 4 * PAGE);
}

TEST(mlockall_flags)
{
    EXPECT_ERRNO(mlockall(0), EINVAL);
    EXPECT_ERRNO(mlockall(64), EINVAL);
    EXPECT_OK(munlockall());
}

TEST(map_locked_is_taken)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    REQUIRE(p != MAP_FAILED);
    p[PAGE] = 1;
    munmap(p, 2 * PAGE);
}

TEST(dontneed_while_another_view_reads)
{
    char *p = anon_pages(64, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    for (int round = 0; round < 20; round++) {
        memset(p, round + 1, 64 * PAGE);
        EXPECT_EQ(madvise(p + 16 * PAGE, 32 * PAGE, MADV_DONTNEED), 0);
        EXPECT_EQ(p[15 * PAGE], round + 1);
        EXPECT_EQ(p[16 * PAGE], 0);
        EXPECT_EQ(p[47 * PAGE], 0);
        EXPECT_EQ(p[48 * PAGE], round + 1);
    }
    munmap(p, 64 * PAGE);
}

MAIN()
