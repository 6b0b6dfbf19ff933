// mremap.
#include "fault.h"

static char *filled(size_t pages)
{
    char *p = anon_pages(pages, PROT_READ | PROT_WRITE);
    for (size_t i = 0; p && i < pages; i++)
        memset(p + i * PAGE, (int)(i + 1), PAGE);
    return p;
}

TEST(shrinking_unmaps_the_tail)
{
    char *p = filled(4);
    REQUIRE(p);
    EXPECT(mremap(p, 4 * PAGE, 2 * PAGE, 0) == p);
    EXPECT_EQ(p[PAGE], 2);
    EXPECT_EQ(fault_read(p + 2 * PAGE).signal, SIGSEGV);
    munmap(p, 2 * PAGE);
}

TEST(same_size_is_the_same_place)
{
    char *p = filled(2);
    REQUIRE(p);
    EXPECT(mremap(p, 2 * PAGE, 2 * PAGE, 0) == p);
    EXPECT_EQ(p[PAGE], 2);
    munmap(p, 2 * PAGE);
}

TEST(growing_in_place_into_free_space)
{
    char *p = filled(4);
    REQUIRE(p);
    munmap(p + 2 * PAGE, 2 * PAGE);
    EXPECT(mremap(p, 2 * PAGE, 4 * PAGE, 0) == p);
    EXPECT_EQ(p[PAGE], 2);
    EXPECT_EQ(p[2 * PAGE], 0);
    p[4 * PAGE - 1] = 1;
    munmap(p, 4 * PAGE);
}

TEST(growing_without_room_needs_maymove)
{
    char *p = filled(3);
    REQUIRE(p);
    EXPECT_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ));
    EXPECT_ERRNO(mremap(p, 2 * PAGE, 3 * PAGE, 0), ENOMEM);
    EXPECT_EQ(p[2 * PAGE], 3);
    char *q = mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    REQUIRE(q != MAP_FAILED);
    EXPECT(q != p);
    EXPECT_EQ(q[0], 1);
    EXPECT_EQ(q[PAGE], 2);
    EXPECT_EQ(q[2 * PAGE], 0);
    EXPECT_EQ(fault_read(p).signal, SIGSEGV);
    EXPECT_EQ(p[2 * PAGE], 3);
    munmap(p + 2 * PAGE, PAGE);
    munmap(q, 3 * PAGE);
}

TEST(moving_keeps_protection)
{
    char *p = filled(2), *place = anon_pages(2, PROT_NONE);
    REQUIRE(p && place);
    mprotect(p, 2 * PAGE, PROT_READ);
    char *q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
    EXPECT(q == place);
    EXPECT_EQ(q[PAGE], 2);
    EXPECT_EQ(fault_write(q).signal, SIGSEGV);
    EXPECT_EQ(fault_read(p).signal, SIGSEGV);
    munmap(q, 2 * PAGE);
}

TEST(fixed_replaces_its_target)
{
    char *p = filled(2), *target = filled(4);
    REQUIRE(p && target);
    EXPECT(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + 3 * PAGE) == target + 3 * PAGE);
    EXPECT_EQ(target[2 * PAGE], 3);
    EXPECT_EQ(target[3 * PAGE], 1);
    EXPECT_EQ(p[PAGE], 2);
    munmap(p, 2 * PAGE);
    munmap(target, 4 * PAGE);
}

TEST(fixed_can_shrink_and_grow)
{
    char *p = filled(3), *place = anon_pages(8, PROT_NONE);
    REQUIRE(p && place);
    EXPECT(mremap(p, 3 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    EXPECT_EQ(place[PAGE], 2);
    EXPECT_EQ(fault_read(p + 2 * PAGE).signal, SIGSEGV);
    EXPECT(mremap(place, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + 4 * PAGE) == place + 4 * PAGE);
    EXPECT_EQ(place[4 * PAGE], 1);
    EXPECT_EQ(place[7 * PAGE], 0);
    munmap(place, 8 * PAGE);
}

TEST(dontunmap_leaves_zeroes_behind)
{
    char *p = filled(2);
    REQUIRE(p);
    char *q = mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    REQUIRE(q != MAP_FAILED);
    EXPECT(q != p);
    EXPECT_EQ(q[0], 1);
    EXPECT_EQ(q[PAGE], 2);
    EXPECT_EQ(p[0], 0);
    EXPECT_EQ(p[PAGE], 0);
    p[0] = 5;
    EXPECT_EQ(q[0], 1);
    munmap(p, 2 * PAGE);
    munmap(q, 2 * PAGE);
}

TEST(dontunmap_wants_maymove_and_equal_sizes)
{
    char *p = filled(2);
    REQUIRE(p);
    EXPECT_ERRNO(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_DONTUNMAP, NULL), EINVAL);
    EXPECT_ERRNO(mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL), EINVAL);
    munmap(p, 2 * PAGE);
}

TEST(refused_arguments)
{
    char *p = filled(4);
    REQUIRE(p);
    EXPECT_ERRNO(mremap(p + 1, PAGE, PAGE, 0), EINVAL);
    EXPECT_ERRNO(mremap(p, PAGE, 0, 0), EINVAL);
    EXPECT_ERRNO(mremap(p, PAGE, PAGE, 0x100), EINVAL);
    EXPECT_ERRNO(mremap(p, PAGE, PAGE, MREMAP_FIXED, p + 2 * PAGE), EINVAL);
    EXPECT_ERRNO(mremap(p, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p + PAGE + 1), EINVAL);
    EXPECT_ERRNO(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p + PAGE), EINVAL);
    EXPECT_EQ(p[PAGE], 2);
    munmap(p, 4 * PAGE);
}

TEST(unmapped_memory_gives_efault)
{
    char *p = filled(2);
    REQUIRE(p);
    munmap(p, 2 * PAGE);
    EXPECT_ERRNO(mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

TEST(growth_across_a_hole_gives_efault)
{
    char *p = filled(3);
    REQUIRE(p);
    munmap(p + PAGE, PAGE);
    EXPECT_ERRNO(mremap(p, 3 * PAGE, 5 * PAGE, MREMAP_MAYMOVE), EFAULT);
    munmap(p, 3 * PAGE);
}

TEST(zero_old_size_of_private_memory_is_refused)
{
    char *p = filled(1);
    REQUIRE(p);
    EXPECT_ERRNO(mremap(p, 0, PAGE, MREMAP_MAYMOVE), EINVAL);
    munmap(p, PAGE);
}

TEST(a_shared_file_map_moves_with_its_file)
{
    int fd = temp_pages(2);
    char c = 0;
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    char *q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    REQUIRE(q != MAP_FAILED);
    EXPECT_EQ(q[PAGE], 'B');
    q[PAGE + 1] = 'x';
    EXPECT_EQ(pread(fd, &c, 1, PAGE + 1), 1);
    EXPECT_EQ(c, 'x');
    munmap(q, 2 * PAGE);
    close(fd);
}

TEST(the_middle_of_a_map_can_be_moved_out)
{
    char *p = filled(3), *place = anon_pages(1, PROT_NONE);
    REQUIRE(p && place);
    EXPECT(mremap(p + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    EXPECT_EQ(place[0], 2);
    EXPECT_EQ(p[0], 1);
    EXPECT_EQ(p[2 * PAGE], 3);
    EXPECT_EQ(fault_read(p + PAGE).signal, SIGSEGV);
    munmap(p, 3 * PAGE);
    munmap(place, PAGE);
}

TEST(realloc_of_large_blocks_keeps_contents)
{
    size_t size = 1 << 20;
    char *p = malloc(size);
    REQUIRE(p);
    memset(p, 0x5a, size);
    for (int i = 0; i < 4; i++) {
        p = realloc(p, size * 2);
        REQUIRE(p);
        EXPECT_EQ(p[0], 0x5a);
        EXPECT_EQ(p[size - 1], 0x5a);
        memset(p, 0x5a, size * 2);
        size *= 2;
    }
    free(p);
}

MAIN()
