// Threads, thread-local storage and signals in a static program.
// cflags: -static
#include "check.h"

static __thread int mine = 4;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int total;
static volatile sig_atomic_t signals;

static void *work(void *p)
{
    mine += (int)(intptr_t)p;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        total += mine;
        pthread_mutex_unlock(&lock);
    }
    return (void *)(intptr_t)mine;
}

TEST(static_threads_share_and_separate)
{
    pthread_t t[3];
    void *r;
    for (intptr_t i = 0; i < 3; i++)
        REQUIRE(pthread_create(&t[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(t[i], &r);
        EXPECT_EQ(r, 4 + i);
    }
    EXPECT_EQ(total, 15000);
    EXPECT_EQ(mine, 4);
}

static void note(int number) { (void)number, signals++; }

TEST(static_signals_arrive)
{
    struct sigaction a = { .sa_handler = note };
    sigaction(SIGUSR1, &a, NULL);
    raise(SIGUSR1);
    EXPECT_EQ(signals, 1);
}

TEST(static_clock_advances)
{
    int64_t before = now_ns();
    sleep_ms(1);
    EXPECT(now_ns() - before >= 1000000);
}

TEST(static_memory_grows)
{
    char *p = malloc(8 << 20);
    REQUIRE(p);
    memset(p, 1, 8 << 20);
    EXPECT_EQ(p[(8 << 20) - 1], 1);
    free(p);
}

MAIN()
