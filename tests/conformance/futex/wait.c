// FUTEX_WAIT and WAKE, bitsets, timeouts, refused arguments.
#include "futex.h"

static atomic_uint word;

TEST(wait_with_another_value_gives_eagain)
{
    atomic_store(&word, 1);
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT, 2, NULL, NULL, 0), EAGAIN);
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0), EAGAIN);
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 2, NULL, NULL, ~0u), EAGAIN);
}

TEST(wake_without_waiters_is_zero)
{
    EXPECT_EQ(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
    EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
}

TEST(wait_and_wake_private)
{
    struct waiter w = { 0 };
    atomic_store(&word, 0);
    REQUIRE(waiter_start(&w, &word, FUTEX_WAIT_PRIVATE, 0, 0));
    EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, 0);
}

TEST(wait_and_wake_shared)
{
    struct waiter w = { 0 };
    atomic_store(&word, 0);
    REQUIRE(waiter_start(&w, &word, FUTEX_WAIT, 0, 0));
    EXPECT_EQ(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, 0);
}

TEST(wake_counts_only_so_many)
{
    struct waiter w[4] = { 0 };
    int done = 0;
    atomic_store(&word, 0);
    for (int i = 0; i < 4; i++)
        REQUIRE(waiter_start(&w[i], &word, FUTEX_WAIT_PRIVATE, 0, 0));
    EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2);
    EXPECT(EVENTUALLY(w[0].done + w[1].done + w[2].done + w[3].done == 2));
    sleep_ms(2);
    for (int i = 0; i < 4; i++)
        done += atomic_load(&w[i].done);
    EXPECT_EQ(done, 2);
    EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
    for (int i = 0; i < 4; i++)
        pthread_join(w[i].thread, NULL);
}

TEST(waiters_wake_in_order)
{
    struct waiter w[3] = { 0 };
    atomic_store(&word, 0);
    for (int i = 0; i < 3; i++)
        REQUIRE(waiter_start(&w[i], &word, FUTEX_WAIT_PRIVATE, 0, 0));
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
        EXPECT(EVENTUALLY(atomic_load(&w[i].done)));
        for (int j = i + 1; j < 3; j++)
            EXPECT_EQ(atomic_load(&w[j].done), 0);
    }
    for (int i = 0; i < 3; i++)
        pthread_join(w[i].thread, NULL);
}

TEST(wait_times_out)
{
    struct timespec t = { 0, 5000000 };
    atomic_store(&word, 0);
    int64_t before = now_ns();
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), ETIMEDOUT);
    EXPECT(now_ns() - before >= 5000000);
}

TEST(a_zero_timeout_returns_at_once)
{
    struct timespec t = { 0, 0 };
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), ETIMEDOUT);
}

TEST(bitset_timeout_is_absolute_monotonic)
{
    struct timespec t;
    int64_t before = now_ns();
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += 5000000;
    if (t.tv_nsec >= 1000000000)
        t.tv_sec++, t.tv_nsec -= 1000000000;
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &t, NULL, ~0u), ETIMEDOUT);
    EXPECT(now_ns() - before >= 5000000);
    t.tv_sec -= 100;
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &t, NULL, ~0u), ETIMEDOUT);
}

TEST(bitset_timeout_may_be_realtime)
{
    struct timespec t;
    int64_t before = now_ns();
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += 5000000;
    if (t.tv_nsec >= 1000000000)
        t.tv_sec++, t.tv_nsec -= 1000000000;
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &t, NULL, ~0u), ETIMEDOUT);
    EXPECT(now_ns() - before >= 4000000);
}

TEST(bits_select_waiters)
{
    struct waiter a = { 0 }, b = { 0 };
    atomic_store(&word, 0);
    REQUIRE(waiter_start(&a, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, 1));
    REQUIRE(waiter_start(&b, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, 2));
    EXPECT_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 4), 0);
    EXPECT_EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 2), 1);
    EXPECT(EVENTUALLY(atomic_load(&b.done)));
    EXPECT_EQ(atomic_load(&a.done), 0);
    EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    pthread_join(a.thread, NULL);
    pthread_join(b.thread, NULL);
}

TEST(an_empty_bitset_is_refused)
{
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0), EINVAL);
    EXPECT_ERRNO(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0), EINVAL);
}

TEST(unaligned_words_are_refused)
{
    static char bytes[16] __attribute__((aligned(8)));
    EXPECT_ERRNO(futex(bytes + 1, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EINVAL);
    EXPECT_ERRNO(futex(bytes + 2, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
}

TEST(bad_addresses_give_efault)
{
    char *p = anon_pages(1, PROT_NONE);
    REQUIRE(p);
    EXPECT_ERRNO(futex(p, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
    EXPECT_ERRNO(futex((void *)0x1000, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
    EXPECT_ERRNO(futex((void *)0xffff800000000000UL, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EFAULT);
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, BAD, NULL, 0), EFAULT);
    munmap(p, PAGE);
}

TEST(bad_timeouts_are_refused)
{
    struct timespec t = { 0, 1000000000 }, u = { -1, 0 };
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), EINVAL);
    EXPECT_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 0, &u, NULL, 0), EINVAL);
}

TEST(unknown_commands_give_enosys)
{
    EXPECT_ERRNO(futex(&word, 77, 0, NULL, NULL, 0), ENOSYS);
    EXPECT_ERRNO(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0), ENOSYS);
}

TEST(futex_fd_is_gone)
{
    EXPECT_ERRNO(futex(&word, FUTEX_FD, 0, NULL, NULL, 0), ENOSYS);
}

TEST(shared_waiters_meet_through_two_views)
{
    int fd = memfd_create("futex", 0);
    struct waiter w = { 0 };
    REQUIRE(fd >= 0 && ftruncate(fd, PAGE) == 0);
    atomic_uint *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    atomic_uint *b = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(a != MAP_FAILED && b != MAP_FAILED);
    REQUIRE(waiter_start(&w, a, FUTEX_WAIT, 0, 0));
    EXPECT_EQ(futex(b, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, 0);
    munmap(a, PAGE);
    munmap(b, PAGE);
    close(fd);
}

TEST(shared_waiters_meet_through_a_file_by_two_views)
{
    int fd = temp_pages(1);
    struct waiter w = { 0 };
    atomic_uint *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    atomic_uint *b = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(a != MAP_FAILED && b != MAP_FAILED);
    atomic_store(a, 3);
    REQUIRE(waiter_start(&w, a, FUTEX_WAIT_BITSET, 3, ~0u));
    EXPECT_EQ(futex(b, FUTEX_WAKE_BITSET, 1, NULL, NULL, ~0u), 1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, 0);
    munmap(a, PAGE);
    munmap(b, PAGE);
    close(fd);
}

TEST(private_waiters_do_not_meet_through_two_views)
{
    struct waiter w = { 0 };
    atomic_uint *a = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(a != MAP_FAILED);
    atomic_uint *b = mremap(a, 0, PAGE, MREMAP_MAYMOVE);
    REQUIRE(b != MAP_FAILED);
    REQUIRE(waiter_start(&w, a, FUTEX_WAIT_PRIVATE, 0, 0));
    EXPECT_EQ(futex(b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    EXPECT_EQ(futex(a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    pthread_join(w.thread, NULL);
    munmap(a, PAGE);
    munmap(b, PAGE);
}

TEST(a_readonly_word_can_be_waited_on)
{
    struct timespec t = { 0, 1000000 };
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = 0;
    mprotect(p, PAGE, PROT_READ);
    EXPECT_ERRNO(futex(p, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0), ETIMEDOUT);
    munmap(p, PAGE);
}

static void no_op(int number) { (void)number; }

TEST(a_signal_interrupts_a_wait)
{
    struct sigaction action = { .sa_handler = no_op };
    struct waiter w = { 0 };
    sigaction(SIGUSR1, &action, NULL);
    atomic_store(&word, 0);
    REQUIRE(waiter_start(&w, &word, FUTEX_WAIT_PRIVATE, 0, 0));
    pthread_kill(w.thread, SIGUSR1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, -1);
    EXPECT_EQ(w.error, EINTR);
}

static atomic_int restart_signals;
static void count_signal(int number) { (void)number, atomic_fetch_add(&restart_signals, 1); }

TEST(restart_resumes_a_wait_without_timeout)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    struct waiter w = { .endless = true };
    sigaction(SIGUSR1, &action, NULL);
    atomic_store(&word, 0);
    atomic_store(&restart_signals, 0);
    REQUIRE(waiter_start(&w, &word, FUTEX_WAIT_PRIVATE, 0, 0));
    pthread_kill(w.thread, SIGUSR1);
    EXPECT(EVENTUALLY(atomic_load(&restart_signals) == 1));
    settled(w.tid);
    EXPECT_EQ(atomic_load(&w.done), 0);
    EXPECT_EQ(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, 0);
}

TEST(restart_does_not_resume_a_wait_with_timeout)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    struct waiter w = { 0 };
    sigaction(SIGUSR1, &action, NULL);
    REQUIRE(waiter_start(&w, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, ~0u));
    pthread_kill(w.thread, SIGUSR1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, -1);
    EXPECT_EQ(w.error, EINTR);
}

static atomic_uint turns;
static void *hand_back(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 500; i++) {
        while (atomic_load(&turns) != 2 * i + 1)
            futex(&turns, FUTEX_WAIT_PRIVATE, 2 * i, NULL, NULL, 0);
        atomic_store(&turns, 2 * i + 2);
        futex(&turns, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
    return NULL;
}

TEST(no_wake_is_lost_in_a_hand_over)
{
    pthread_t t;
    atomic_store(&turns, 0);
    REQUIRE(pthread_create(&t, NULL, hand_back, NULL) == 0);
    for (unsigned i = 0; i < 500; i++) {
        atomic_store(&turns, 2 * i + 1);
        futex(&turns, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        while (atomic_load(&turns) != 2 * i + 2)
            futex(&turns, FUTEX_WAIT_PRIVATE, 2 * i + 1, NULL, NULL, 0);
    }
    pthread_join(t, NULL);
    EXPECT_EQ(turns, 1000);
}

MAIN()
