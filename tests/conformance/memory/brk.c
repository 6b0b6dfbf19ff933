// brk by its raw system call, and sbrk.
#include "fault.h"

static char *raw_brk(void *to) { return (char *)syscall(SYS_brk, to); }

TEST(brk_of_zero_tells_the_break)
{
    char *now = raw_brk(NULL);
    EXPECT(now != NULL);
    EXPECT(raw_brk(NULL) == now);
}

TEST(brk_grows_and_memory_is_zero)
{
    char *now = raw_brk(NULL);
    EXPECT(raw_brk(now + 3 * PAGE) == now + 3 * PAGE);
    EXPECT_EQ(now[3 * PAGE - 1], 0);
    memset(now, 1, 3 * PAGE);
    EXPECT(raw_brk(now) == now);
}

TEST(brk_shrinks_and_grown_again_is_zero)
{
    char *now = raw_brk(NULL);
    char *at = (char *)(((uintptr_t)now + PAGE - 1) & ~(PAGE - 1));
    raw_brk(at + 2 * PAGE);
    at[PAGE] = 9;
    EXPECT(raw_brk(at) == at);
    EXPECT_EQ(fault_read(at + PAGE).signal, SIGSEGV);
    EXPECT(raw_brk(at + 2 * PAGE) == at + 2 * PAGE);
    EXPECT_EQ(at[PAGE], 0);
    raw_brk(now);
}

TEST(brk_keeps_odd_sizes)
{
    char *now = raw_brk(NULL);
    EXPECT(raw_brk(now + 13) == now + 13);
    EXPECT(raw_brk(NULL) == now + 13);
    raw_brk(now);
}

TEST(impossible_breaks_change_nothing)
{
    char *now = raw_brk(NULL);
    EXPECT(raw_brk((void *)1) == now);
    EXPECT(raw_brk((void *)~0UL) == now);
    EXPECT(raw_brk((void *)(1UL << 47)) == now);
}

TEST(brk_stops_at_a_mapping)
{
    char *now = raw_brk(NULL);
    char *at = (char *)(((uintptr_t)now + 16 * PAGE) & ~(PAGE - 1));
    char *wall = mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    REQUIRE(wall == at);
    EXPECT(raw_brk(at + PAGE) == now);
    munmap(wall, PAGE);
}

TEST(sbrk_and_malloc_agree)
{
    void *before = sbrk(0);
    EXPECT(before != (void *)-1);
    char *p = malloc(100);
    REQUIRE(p);
    memset(p, 1, 100);
    free(p);
    EXPECT((char *)sbrk(0) >= (char *)before);
}

TEST(the_heap_is_in_proc_maps)
{
    static char maps[1 << 16];
    char line[64];
    raw_brk(raw_brk(NULL) + PAGE);
    slurp("/proc/self/maps", maps, sizeof maps);
    snprintf(line, sizeof line, "[heap]");
    EXPECT(strstr(maps, line) != NULL);
}

MAIN()
