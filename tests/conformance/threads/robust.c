// Robust mutexes through glibc: the owner dies, the next one is told.
#include "check.h"
#include <semaphore.h>

static int robust_try(pthread_mutex_t *m, bool shared)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    if (shared)
        pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    return pthread_mutex_init(m, &a);
}

static void *die_holding(void *m)
{
    pthread_mutex_lock(m);
    return NULL;
}

TEST(a_robust_mutex_tells_of_its_dead_owner)
{
    static pthread_mutex_t m;
    pthread_t t;
    REQUIRE(robust_try(&m, false) == 0);
    REQUIRE(pthread_create(&t, NULL, die_holding, &m) == 0);
    pthread_join(t, NULL);
    EXPECT_EQ(pthread_mutex_lock(&m), EOWNERDEAD);
    EXPECT_EQ(pthread_mutex_consistent(&m), 0);
    EXPECT_EQ(pthread_mutex_unlock(&m), 0);
    EXPECT_EQ(pthread_mutex_lock(&m), 0);
    pthread_mutex_unlock(&m);
}

static void *wait_robust(void *m)
{
    return (void *)(intptr_t)pthread_mutex_lock(m);
}

static sem_t got, may_die;
static void *die_holding_later(void *m)
{
    pthread_mutex_lock(m);
    sem_post(&got);
    sem_wait(&may_die);
    return NULL;
}

TEST(a_robust_mutexs_waiter_is_woken)
{
    pthread_mutex_t *m = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_t owner, waiter;
    void *r;
    REQUIRE(m != MAP_FAILED && robust_try(m, true) == 0);
    sem_init(&got, 0, 0);
    sem_init(&may_die, 0, 0);
    REQUIRE(pthread_create(&owner, NULL, die_holding_later, m) == 0);
    sem_wait(&got);
    REQUIRE(pthread_create(&waiter, NULL, wait_robust, m) == 0);
    sleep_ms(3);
    sem_post(&may_die);
    pthread_join(waiter, &r);
    EXPECT_EQ(r, EOWNERDEAD);
    pthread_join(owner, NULL);
    munmap(m, PAGE);
}

TEST(an_unrecoverable_robust_mutex)
{
    static pthread_mutex_t m;
    pthread_t t;
    REQUIRE(robust_try(&m, false) == 0 && pthread_create(&t, NULL, die_holding, &m) == 0);
    pthread_join(t, NULL);
    EXPECT_EQ(pthread_mutex_lock(&m), EOWNERDEAD);
    pthread_mutex_unlock(&m);
    EXPECT_EQ(pthread_mutex_lock(&m), ENOTRECOVERABLE);
}

MAIN()
