// mmap of anonymous memory: zeroes, hints, fixed addresses, refused arguments.
#include "fault.h"

TEST(anonymous_memory_is_zero)
{
    char *p = anon_pages(16, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    for (size_t i = 0; i < 16 * PAGE; i++)
        EXPECT_EQ(p[i], 0);
    EXPECT_OK(munmap(p, 16 * PAGE));
}

TEST(length_is_rounded_up_to_a_page)
{
    char *p = mmap(NULL, 100, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    p[PAGE - 1] = 1;
    EXPECT_EQ(p[PAGE - 1], 1);
    EXPECT_OK(munmap(p, 1));
    EXPECT_EQ(fault_read(p + PAGE - 1).signal, SIGSEGV);
}

TEST(result_is_page_aligned)
{
    char *p = mmap((void *)0x12345, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ((uintptr_t)p % PAGE, 0);
    munmap(p, PAGE);
}

TEST(two_maps_do_not_overlap)
{
    char *a = anon_pages(4, PROT_READ | PROT_WRITE), *b = anon_pages(4, PROT_READ | PROT_WRITE);
    REQUIRE(a && b);
    EXPECT(a + 4 * PAGE <= b || b + 4 * PAGE <= a);
    memset(a, 1, 4 * PAGE);
    EXPECT_EQ(b[0], 0);
    munmap(a, 4 * PAGE);
    munmap(b, 4 * PAGE);
}

TEST(free_hint_is_taken)
{
    char *p = anon_pages(8, PROT_NONE);
    REQUIRE(p);
    munmap(p, 8 * PAGE);
    char *q = mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(q == p + 2 * PAGE);
    munmap(q, PAGE);
}

TEST(taken_hint_goes_elsewhere)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = 7;
    char *q = mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(q != MAP_FAILED);
    EXPECT(q != p);
    EXPECT_EQ(*p, 7);
    munmap(p, PAGE);
    munmap(q, PAGE);
}

TEST(fixed_replaces_what_was_there)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    memset(p, 9, 3 * PAGE);
    char *q = mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(q == p + PAGE);
    EXPECT_EQ(p[0], 9);
    EXPECT_EQ(p[PAGE], 0);
    EXPECT_EQ(p[2 * PAGE - 1], 0);
    EXPECT_EQ(p[2 * PAGE], 9);
    munmap(p, 3 * PAGE);
}

TEST(fixed_over_a_hole_between_maps)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    munmap(p + PAGE, PAGE);
    EXPECT(mmap(p, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
    memset(p, 1, 3 * PAGE);
    munmap(p, 3 * PAGE);
}

TEST(fixed_wants_an_aligned_address)
{
    char *p = anon_pages(2, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
    munmap(p, 2 * PAGE);
}

TEST(fixed_noreplace_refuses_overlap)
{
    char *p = anon_pages(2, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    p[PAGE] = 5;
    EXPECT_ERRNO(mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
    EXPECT_EQ(p[PAGE], 5);
    munmap(p, 2 * PAGE);
}

TEST(fixed_noreplace_takes_a_free_place)
{
    char *p = anon_pages(4, PROT_NONE);
    REQUIRE(p);
    munmap(p + PAGE, PAGE);
    char *q = mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    EXPECT(q == p + PAGE);
    *q = 1;
    munmap(p, 4 * PAGE);
}

TEST(zero_length_is_refused)
{
    EXPECT_ERRNO(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
}

TEST(neither_private_nor_shared_is_refused)
{
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
}

TEST(beyond_the_address_space_is_refused)
{
    EXPECT_ERRNO(mmap(NULL, 1UL << 47, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), ENOMEM);
    EXPECT_ERRNO(mmap((void *)(1UL << 47), PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
    EXPECT_ERRNO(mmap((void *)0xffff800000000000UL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), ENOMEM);
    EXPECT_ERRNO(mmap(NULL, ~0UL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
}

TEST(high_hint_without_fixed_goes_below)
{
    char *p = mmap((void *)0xffff800000000000UL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT((uintptr_t)p < 1UL << 47);
    munmap(p, PAGE);
}

TEST(map_32bit_stays_below_two_gigabytes)
{
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT((uintptr_t)p + PAGE <= 1UL << 31);
    *p = 1;
    munmap(p, PAGE);
}

TEST(map_32bit_takes_a_hint)
{
    char *hint = (char *)0x50000000, *p = mmap(hint, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT(p == hint);
    char *q = mmap(hint, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    REQUIRE(q != MAP_FAILED);
    EXPECT(q != hint && (uintptr_t)q >= 1UL << 30 && (uintptr_t)q + 4 * PAGE <= 1UL << 31);
    EXPECT_ERRNO((long)mmap(NULL, 1UL << 31, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT | MAP_NORESERVE, -1, 0), ENOMEM);
    munmap(p, 4 * PAGE);
    munmap(q, 4 * PAGE);
}

TEST(populate_fills_pages)
{
    unsigned char present[4] = { 0 };
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_OK(mincore(p, 4 * PAGE, present));
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(present[i] & 1, 1);
    munmap(p, 4 * PAGE);
}

TEST(stack_and_noreserve_flags_are_taken)
{
    char *p = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_OK(mprotect(p + PAGE, 63 * PAGE, PROT_READ | PROT_WRITE));
    p[PAGE] = 1;
    p[64 * PAGE - 1] = 1;
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    munmap(p, 64 * PAGE);
}

TEST(shared_anonymous_memory_works)
{
    char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(p[3 * PAGE], 0);
    memset(p, 3, 4 * PAGE);
    EXPECT_EQ(p[4 * PAGE - 1], 3);
    EXPECT_OK(munmap(p, 4 * PAGE));
}

TEST(shared_anonymous_memory_can_appear_twice)
{
    char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    char *q = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE);
    REQUIRE(q != MAP_FAILED);
    EXPECT(q != p);
    p[PAGE + 1] = 42;
    EXPECT_EQ(q[PAGE + 1], 42);
    q[0] = 17;
    EXPECT_EQ(p[0], 17);
    munmap(p, 2 * PAGE);
    EXPECT_EQ(q[PAGE + 1], 42);
    munmap(q, 2 * PAGE);
}

TEST(shared_validate_refuses_unknown_flags)
{
    int fd = temp_pages(1);
    REQUIRE(fd >= 0);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200000, fd, 0), EOPNOTSUPP);
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0);
    EXPECT(p != MAP_FAILED && *p == 'A');
    munmap(p, PAGE);
    close(fd);
}

TEST(private_ignores_unknown_flags)
{
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x8000000, -1, 0);
    EXPECT(p != MAP_FAILED);
    munmap(p, PAGE);
}

TEST(growing_down_is_refused_or_real)
{
    char *p = anon_pages(2048, PROT_NONE);
    REQUIRE(p);
    char *top = p + 2047 * PAGE;
    munmap(p, 2048 * PAGE);
    char *q = mmap(top, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    if (q == MAP_FAILED)
        return;
    EXPECT_EQ(fault_write(q - 8).signal, 0);
    EXPECT_EQ(q[-8], 1);
    munmap(q - PAGE, 2 * PAGE);
}

TEST(offset_must_be_aligned)
{
    int fd = temp_pages(2);
    REQUIRE(fd >= 0);
    EXPECT_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL);
    close(fd);
}

TEST(offset_of_anonymous_memory_is_ignored)
{
    char *p = (char *)syscall(SYS_mmap, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0x5000);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(*p, 0);
    munmap(p, PAGE);
}

TEST(first_page_faults)
{
    struct fault f = fault_read((void *)8);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_MAPERR);
    EXPECT(f.address == (char *)8);
}

TEST(a_sparse_reservation_of_300_gigabytes)
{
    size_t size = 300UL << 30;
    char *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(fault_write(p + (150UL << 30)).signal, SIGSEGV);
    for (int i = 0; i < 10; i++) {
        char *at = p + (size_t)i * (30UL << 30);
        REQUIRE(mprotect(at, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
        for (int j = 0; j < 16; j++)
            at[j * PAGE] = (char)(i + j);
    }
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 16; j++)
            EXPECT_EQ(p[(size_t)i * (30UL << 30) + j * PAGE], i + j);
    EXPECT_EQ(fault_read(p + 16 * PAGE).signal, SIGSEGV);
    EXPECT_OK(madvise(p, size, MADV_DONTNEED));
    EXPECT_EQ(p[5], 0);
    EXPECT_OK(munmap(p, size));
}

TEST(a_sparse_writable_reservation_of_64_gigabytes)
{
    size_t size = 64UL << 30;
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(p != MAP_FAILED);
    for (size_t at = 0; at < size; at += 4UL << 30)
        p[at] = 1;
    EXPECT_EQ(p[PAGE], 0);
    EXPECT_EQ(p[60UL << 30], 1);
    EXPECT_OK(munmap(p, size));
}

TEST(aligned_by_overmapping_and_trimming)
{
    size_t align = 2UL << 20;
    char *p = mmap(NULL, 2 * align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    char *at = (char *)(((uintptr_t)p + align - 1) & ~(align - 1));
    if (at > p)
        EXPECT_OK(munmap(p, (size_t)(at - p)));
    EXPECT_OK(munmap(at + align, (size_t)(p + align - at)) == 0 || at == p + align ? 0 : -1);
    EXPECT_OK(mprotect(at, align, PROT_READ | PROT_WRITE));
    memset(at, 1, align);
    EXPECT_OK(munmap(at, align));
}

TEST(large_memory_keeps_what_is_written)
{
    size_t size = 24UL << 20;
    uint64_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(p != MAP_FAILED);
    for (size_t i = 0; i < size / 8; i += 64)
        p[i] = i * 2654435761u;
    bool same = true;
    for (size_t i = 0; i < size / 8; i += 64)
        same &= p[i] == i * 2654435761u;
    EXPECT(same);
    EXPECT_OK(munmap(p, size));
}

TEST(a_page_can_be_mapped_and_unmapped_many_times)
{
    for (int i = 0; i < 300; i++) {
        char *p = anon_pages(2, PROT_READ | PROT_WRITE);
        REQUIRE(p);
        EXPECT_EQ(p[PAGE], 0);
        p[0] = p[PAGE] = 1;
        EXPECT_EQ(munmap(p, 2 * PAGE), 0);
    }
}

TEST(hugetlb_without_reserved_pages_is_refused_or_works)
{
    char *p = mmap(NULL, 2UL << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (p == MAP_FAILED) {
        EXPECT(errno == ENOMEM || errno == EINVAL || errno == ENOSYS);
        return;
    }
    *p = 1;
    munmap(p, 2UL << 20);
}

MAIN()
