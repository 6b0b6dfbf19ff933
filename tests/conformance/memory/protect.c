// munmap and mprotect: splitting, holes, refused arguments, what each protection allows.
#include "fault.h"

TEST(unmapped_memory_faults)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = 1;
    EXPECT_OK(munmap(p, PAGE));
    struct fault f = fault_read(p + 3);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_MAPERR);
    EXPECT(f.address == p + 3);
}

TEST(unmapping_the_middle_keeps_both_ends)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    memset(p, 6, 3 * PAGE);
    EXPECT_OK(munmap(p + PAGE, PAGE));
    EXPECT_EQ(p[0], 6);
    EXPECT_EQ(p[2 * PAGE], 6);
    EXPECT_EQ(fault_write(p + PAGE).signal, SIGSEGV);
    EXPECT_EQ(fault_write(p + 2 * PAGE - 1).signal, SIGSEGV);
    munmap(p, 3 * PAGE);
}

TEST(unmapping_nothing_succeeds)
{
    char *p = anon_pages(4, PROT_NONE);
    REQUIRE(p);
    EXPECT_OK(munmap(p, 4 * PAGE));
    EXPECT_OK(munmap(p, 4 * PAGE));
}

TEST(unmapping_across_several_maps)
{
    char *p = anon_pages(5, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    mprotect(p + PAGE, PAGE, PROT_READ);
    munmap(p + 2 * PAGE, PAGE);
    EXPECT_OK(munmap(p, 5 * PAGE));
    EXPECT_EQ(fault_read(p).signal, SIGSEGV);
    EXPECT_EQ(fault_read(p + 4 * PAGE).signal, SIGSEGV);
}

TEST(munmap_refuses_bad_arguments)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(munmap(p + 1, PAGE), EINVAL);
    EXPECT_ERRNO(munmap(p, 0), EINVAL);
    EXPECT_ERRNO(munmap(p, ~0UL), EINVAL);
    EXPECT_ERRNO(munmap((void *)0xffff800000000000UL, PAGE), EINVAL);
    munmap(p, PAGE);
}

TEST(memory_mapped_again_is_zero)
{
    char *p = anon_pages(2, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    memset(p, 1, 2 * PAGE);
    munmap(p, 2 * PAGE);
    char *q = mmap(p, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(q == p);
    EXPECT_EQ(q[0], 0);
    EXPECT_EQ(q[2 * PAGE - 1], 0);
    munmap(q, 2 * PAGE);
}

TEST(read_only_memory_refuses_stores)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_EQ(fault_read(p).signal, 0);
    struct fault f = fault_write(p + 17);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_ACCERR);
    EXPECT(f.address == p + 17);
    munmap(p, PAGE);
}

TEST(no_access_refuses_loads)
{
    char *p = anon_pages(1, PROT_NONE);
    REQUIRE(p);
    struct fault f = fault_read(p);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_ACCERR);
    munmap(p, PAGE);
}

TEST(write_only_memory_can_be_read)
{
    char *p = anon_pages(1, PROT_WRITE);
    REQUIRE(p);
    EXPECT_EQ(fault_write(p).signal, 0);
    EXPECT_EQ(fault_read(p).signal, 0);
    munmap(p, PAGE);
}

TEST(data_cannot_be_executed)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = (char)0xc3;
    struct fault f = fault_call(p);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_ACCERR);
    EXPECT(f.address == p);
    munmap(p, PAGE);
}

TEST(protection_of_the_middle_splits)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    memset(p, 8, 3 * PAGE);
    EXPECT_OK(mprotect(p + PAGE, PAGE, PROT_NONE));
    EXPECT_EQ(fault_write(p).signal, 0);
    EXPECT_EQ(fault_write(p + PAGE).signal, SIGSEGV);
    EXPECT_EQ(fault_write(p + 2 * PAGE).signal, 0);
    EXPECT_OK(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE));
    EXPECT_EQ(p[PAGE], 8);
    munmap(p, 3 * PAGE);
}

TEST(contents_survive_every_protection)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    int all[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_EXEC, PROT_NONE, PROT_READ | PROT_WRITE | PROT_EXEC, PROT_EXEC, PROT_READ };
    REQUIRE(p);
    strcpy(p, "kept");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        EXPECT_EQ(mprotect(p, PAGE, all[i]), 0);
    EXPECT_STR(p, "kept");
    munmap(p, PAGE);
}

TEST(a_hole_gives_enomem)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    munmap(p + PAGE, PAGE);
    EXPECT_ERRNO(mprotect(p, 3 * PAGE, PROT_READ), ENOMEM);
    // Linux has changed what lay before the hole.
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    EXPECT_EQ(fault_write(p + 2 * PAGE).signal, 0);
    EXPECT_ERRNO(mprotect(p + PAGE, PAGE, PROT_READ), ENOMEM);
    munmap(p, 3 * PAGE);
}

TEST(mprotect_refuses_bad_arguments)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(mprotect(p + 1, PAGE, PROT_READ), EINVAL);
    EXPECT_ERRNO(mprotect(p, PAGE, 0x40), EINVAL);
    EXPECT_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
    EXPECT_ERRNO(mprotect(p, ~0UL - 100000, PROT_READ), ENOMEM);
    EXPECT_OK(mprotect(p, 0, PROT_READ));
    EXPECT_OK(mprotect(p, 1, PROT_READ | PROT_WRITE));
    EXPECT_EQ(fault_write(p + PAGE - 1).signal, 0);
    munmap(p, PAGE);
}

TEST(growsdown_needs_a_stack)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
    munmap(p, PAGE);
}

TEST(system_calls_respect_protection)
{
    int pipes[2];
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p && pipe(pipes) == 0);
    EXPECT_EQ(write(pipes[1], p, 4), 4);
    EXPECT_ERRNO(read(pipes[0], p, 4), EFAULT);
    EXPECT_OK(mprotect(p, PAGE, PROT_NONE));
    EXPECT_ERRNO(write(pipes[1], p, 4), EFAULT);
    EXPECT_OK(mprotect(p, PAGE, PROT_READ | PROT_WRITE));
    EXPECT_EQ(write(pipes[1], p, 4), 4);
    munmap(p, PAGE);
    EXPECT_ERRNO(write(pipes[1], p, 4), EFAULT);
    close(pipes[0]);
    close(pipes[1]);
}

TEST(every_other_page_protected)
{
    char *p = anon_pages(128, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    for (int i = 0; i < 128; i += 2)
        EXPECT_EQ(mprotect(p + i * PAGE, PAGE, PROT_READ), 0);
    EXPECT_EQ(fault_write(p + 126 * PAGE).signal, SIGSEGV);
    EXPECT_EQ(fault_write(p + 127 * PAGE).signal, 0);
    EXPECT_OK(mprotect(p, 128 * PAGE, PROT_READ | PROT_WRITE));
    for (int i = 0; i < 128; i++)
        p[i * PAGE] = 1;
    munmap(p, 128 * PAGE);
}

static char *stale;
static atomic_int stale_state;

static void *toucher(void *unused)
{
    (void)unused;
    struct fault f = FAULTING({
        for (;;) {
            *(volatile char *)stale = 1;
            atomic_store(&stale_state, 1);
        }
    });
    return (void *)(intptr_t)f.signal;
}

TEST(another_threads_translation_is_dropped)
{
    pthread_t thread;
    void *result;
    stale = anon_pages(1, PROT_READ | PROT_WRITE);
    atomic_store(&stale_state, 0);
    REQUIRE(stale && pthread_create(&thread, NULL, toucher, NULL) == 0);
    EXPECT(EVENTUALLY(atomic_load(&stale_state) == 1));
    EXPECT_OK(mprotect(stale, PAGE, PROT_READ));
    pthread_join(thread, &result);
    EXPECT_EQ(result, SIGSEGV);
    munmap(stale, PAGE);
}

static atomic_int seen_fault;

static void note_fault(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    mprotect((void *)((uintptr_t)info->si_addr & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
    atomic_fetch_add(&seen_fault, 1); // only now: the next protection must not be undone by this handler
}

static void *storer(void *unused)
{
    (void)unused;
    for (;;) {
        int state = atomic_load(&stale_state);
        if (state == 2)
            return NULL;
        *(volatile char *)stale = 1;
    }
}

TEST(a_running_thread_faults_after_each_protection)
{
    struct sigaction action = { .sa_sigaction = note_fault, .sa_flags = SA_SIGINFO }, old;
    pthread_t thread;
    stale = anon_pages(1, PROT_READ | PROT_WRITE);
    atomic_store(&stale_state, 0);
    atomic_store(&seen_fault, 0);
    sigaction(SIGSEGV, &action, &old);
    REQUIRE(stale && pthread_create(&thread, NULL, storer, NULL) == 0);
    for (int i = 1; i <= 20; i++) {
        EXPECT_EQ(mprotect(stale, PAGE, PROT_READ), 0);
        EXPECT(EVENTUALLY(atomic_load(&seen_fault) >= i));
    }
    EXPECT_EQ(atomic_load(&seen_fault), 20);
    atomic_store(&stale_state, 2);
    pthread_join(thread, NULL);
    sigaction(SIGSEGV, &old, NULL);
    munmap(stale, PAGE);
}

MAIN()
