// Threads as programs use them through glibc.
#include "check.h"
#include <semaphore.h>

static void *give_back(void *p) { return p; }

TEST(join_returns_the_value)
{
    pthread_t t;
    void *r = NULL;
    REQUIRE(pthread_create(&t, NULL, give_back, (void *)99) == 0);
    EXPECT_EQ(pthread_join(t, &r), 0);
    EXPECT_EQ(r, 99);
}

static void *leave_early(void *p)
{
    pthread_exit((char *)p + 1);
}

TEST(pthread_exit_value)
{
    pthread_t t;
    void *r = NULL;
    REQUIRE(pthread_create(&t, NULL, leave_early, (void *)4) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, 5);
}

static __thread int mine = 10;
static __thread char big_tls[8192];

static void *use_tls(void *p)
{
    bool fresh = mine == 10 && big_tls[8000] == 0;
    mine = (int)(intptr_t)p;
    big_tls[8000] = 1;
    sched_yield();
    return (void *)(intptr_t)(fresh && mine == (int)(intptr_t)p);
}

TEST(thread_local_storage_is_each_threads_own)
{
    pthread_t t[8];
    void *r;
    mine = 3;
    for (intptr_t i = 0; i < 8; i++)
        REQUIRE(pthread_create(&t[i], NULL, use_tls, (void *)(i + 100)) == 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], &r);
        EXPECT_EQ(r, 1);
    }
    EXPECT_EQ(mine, 3);
    mine = 10;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counter;

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&lock);
        counter++;
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

TEST(a_mutex_excludes)
{
    pthread_t t[4];
    counter = 0;
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_create(&t[i], NULL, count, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(counter, 80000);
}

static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static int turn;

static void *ping(void *unused)
{
    (void)unused;
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&lock);
        while (turn != 1)
            pthread_cond_wait(&ready, &lock);
        turn = 0;
        pthread_cond_broadcast(&ready);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

TEST(condition_variables_hand_over)
{
    pthread_t t;
    turn = 0;
    REQUIRE(pthread_create(&t, NULL, ping, NULL) == 0);
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&lock);
        turn = 1;
        pthread_cond_broadcast(&ready);
        while (turn != 0)
            pthread_cond_wait(&ready, &lock);
        pthread_mutex_unlock(&lock);
    }
    pthread_join(t, NULL);
    EXPECT_EQ(turn, 0);
}

TEST(timed_wait_times_out)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 10000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&lock);
    EXPECT_EQ(pthread_cond_timedwait(&ready, &lock, &at), ETIMEDOUT);
    pthread_mutex_unlock(&lock);
}

static sem_t semaphore;

static void *post_three(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3; i++)
        sem_post(&semaphore);
    return NULL;
}

TEST(semaphores_count)
{
    pthread_t t;
    int value;
    REQUIRE(sem_init(&semaphore, 0, 0) == 0);
    EXPECT_ERRNO(sem_trywait(&semaphore), EAGAIN);
    REQUIRE(pthread_create(&t, NULL, post_three, NULL) == 0);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(sem_wait(&semaphore));
    pthread_join(t, NULL);
    sem_getvalue(&semaphore, &value);
    EXPECT_EQ(value, 0);
}

static pthread_barrier_t barrier;
static atomic_int serial, phase;

static void *meet(void *unused)
{
    (void)unused;
    for (int i = 0; i < 20; i++) {
        atomic_fetch_add(&phase, 1);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&serial, 1);
        if (atomic_load(&phase) < (i + 1) * 4)
            atomic_store(&serial, -1000);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

TEST(barriers_meet)
{
    pthread_t t[4];
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_create(&t[i], NULL, meet, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(serial, 20);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static int pair[2];

static void *read_pair(void *unused)
{
    (void)unused;
    intptr_t torn = 0;
    for (int i = 0; i < 2000; i++) {
        pthread_rwlock_rdlock(&rwlock);
        torn += pair[0] != pair[1];
        pthread_rwlock_unlock(&rwlock);
    }
    return (void *)torn;
}

TEST(reader_writer_locks)
{
    pthread_t t[2];
    void *r;
    for (int i = 0; i < 2; i++)
        REQUIRE(pthread_create(&t[i], NULL, read_pair, NULL) == 0);
    for (int i = 0; i < 2000; i++) {
        pthread_rwlock_wrlock(&rwlock);
        pair[0] = i;
        pair[1] = i;
        pthread_rwlock_unlock(&rwlock);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(t[i], &r);
        EXPECT_EQ(r, 0);
    }
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int once_runs;
static void run_once(void) { atomic_fetch_add(&once_runs, 1); }

static void *call_once_too(void *unused)
{
    pthread_once(&once, run_once);
    return unused;
}

TEST(once_runs_once)
{
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        REQUIRE(pthread_create(&t[i], NULL, call_once_too, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(once_runs, 1);
}

static pthread_key_t key;
static atomic_int destroyed;
static void destroy(void *p) { atomic_fetch_add(&destroyed, (int)(intptr_t)p); }

static void *set_key(void *p)
{
    pthread_setspecific(key, p);
    return NULL;
}

TEST(key_destructors_run)
{
    pthread_t t;
    REQUIRE(pthread_key_create(&key, destroy) == 0);
    REQUIRE(pthread_create(&t, NULL, set_key, (void *)5) == 0);
    pthread_join(t, NULL);
    EXPECT_EQ(destroyed, 5);
    pthread_key_delete(key);
}

static atomic_int cleaned;
static void clean(void *unused) { (void)unused, atomic_store(&cleaned, 1); }

static void *wait_for_cancel(void *p)
{
    pthread_cleanup_push(clean, NULL);
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return p;
}

TEST(cancel_ends_a_blocked_thread)
{
    pthread_t t;
    void *r;
    atomic_store(&cleaned, 0);
    REQUIRE(pthread_create(&t, NULL, wait_for_cancel, NULL) == 0);
    sleep_ms(2);
    EXPECT_EQ(pthread_cancel(t), 0);
    EXPECT_EQ(pthread_join(t, &r), 0);
    EXPECT(r == PTHREAD_CANCELED);
    EXPECT_EQ(cleaned, 1);
}

static void *read_for_ever(void *p)
{
    char c;
    while (read((int)(intptr_t)p, &c, 1) != 0)
        ;
    return NULL;
}

TEST(cancel_ends_a_blocked_read)
{
    pthread_t t;
    void *r;
    int p[2];
    REQUIRE(pipe(p) == 0 && pthread_create(&t, NULL, read_for_ever, (void *)(intptr_t)p[0]) == 0);
    sleep_ms(2);
    EXPECT_EQ(pthread_cancel(t), 0);
    EXPECT_EQ(pthread_join(t, &r), 0);
    EXPECT(r == PTHREAD_CANCELED);
    close(p[0]);
    close(p[1]);
}

static void *deep(void *unused)
{
    (void)unused;
    volatile char frame[1 << 20];
    for (size_t i = 0; i < sizeof frame; i += 512)
        frame[i] = (char)i;
    return (void *)(intptr_t)frame[512 * 3];
}

TEST(a_stack_size_is_kept)
{
    pthread_attr_t a;
    pthread_t t;
    void *r;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 2 << 20);
    REQUIRE(pthread_create(&t, &a, deep, NULL) == 0);
    EXPECT_EQ(pthread_join(t, &r), 0);
    pthread_attr_destroy(&a);
}

TEST(a_given_stack_is_used)
{
    pthread_attr_t a;
    pthread_t t;
    void *r;
    char *stack = anon_pages(64, PROT_READ | PROT_WRITE);
    REQUIRE(stack);
    pthread_attr_init(&a);
    pthread_attr_setstack(&a, stack, 64 * PAGE);
    REQUIRE(pthread_create(&t, &a, give_back, (void *)1) == 0);
    EXPECT_EQ(pthread_join(t, &r), 0);
    bool used = false;
    for (size_t i = 0; i < 64 * PAGE; i++)
        used |= stack[i] != 0;
    EXPECT(used);
    munmap(stack, 64 * PAGE);
}

static sem_t hold;
static void *held(void *p)
{
    sem_wait(&hold);
    return p;
}

TEST(many_threads_at_once)
{
    enum { N = 64 };
    pthread_t t[N];
    int made = 0;
    sem_init(&hold, 0, 0);
    for (; made < N && pthread_create(&t[made], NULL, held, NULL) == 0; made++)
        ;
    EXPECT_EQ(made, N);
    for (int i = 0; i < made; i++)
        sem_post(&hold);
    for (int i = 0; i < made; i++)
        EXPECT_EQ(pthread_join(t[i], NULL), 0);
}

TEST(tasks_are_listed_in_proc)
{
    pthread_t t[3];
    int tasks = 0;
    struct dirent *e;
    sem_init(&hold, 0, 0);
    for (int i = 0; i < 3; i++)
        REQUIRE(pthread_create(&t[i], NULL, held, NULL) == 0);
    // Threads of earlier tests may still be on their way out.
    for (int tries = 0; tries < 100 && tasks != 4; tries++, sleep_ms(1)) {
        tasks = 0;
        DIR *d = opendir("/proc/self/task");
        REQUIRE(d);
        while ((e = readdir(d)))
            tasks += e->d_name[0] != '.';
        closedir(d);
    }
    EXPECT_EQ(tasks, 4);
    for (int i = 0; i < 3; i++)
        sem_post(&hold);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
}

TEST(a_thread_can_be_named)
{
    char name[32] = "";
    pthread_t t;
    sem_init(&hold, 0, 0);
    REQUIRE(pthread_create(&t, NULL, held, NULL) == 0);
    EXPECT_EQ(pthread_setname_np(t, "worker-7"), 0);
    EXPECT_EQ(pthread_getname_np(t, name, sizeof name), 0);
    EXPECT_STR(name, "worker-7");
    EXPECT_EQ(pthread_setname_np(t, "a name that is too long"), ERANGE);
    sem_post(&hold);
    pthread_join(t, NULL);
}

static void *detached(void *p)
{
    sem_post(p);
    return NULL;
}

TEST(detached_threads_end_by_themselves)
{
    pthread_attr_t a;
    pthread_t t;
    sem_t done;
    sem_init(&done, 0, 0);
    pthread_attr_init(&a);
    pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED);
    for (int i = 0; i < 30; i++) {
        REQUIRE(pthread_create(&t, &a, detached, &done) == 0);
        EXPECT_OK(sem_wait(&done));
    }
}

static void *errno_of_its_own(void *unused)
{
    (void)unused;
    close(-1);
    return (void *)(intptr_t)errno;
}

TEST(errno_is_each_threads_own)
{
    pthread_t t;
    void *r;
    errno = ENOENT;
    REQUIRE(pthread_create(&t, NULL, errno_of_its_own, NULL) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, EBADF);
}

static atomic_int fp_bad;
static void *float_loop(void *p)
{
    double x = (double)(intptr_t)p, want = x * 1000;
    for (int round = 0; round < 50; round++) {
        double sum = 0;
        for (int i = 0; i < 1000; i++)
            sum += x;
        if (sum != want)
            atomic_store(&fp_bad, 1);
        sched_yield();
    }
    return NULL;
}

TEST(floating_point_state_is_each_threads_own)
{
    pthread_t t[4];
    for (intptr_t i = 0; i < 4; i++)
        REQUIRE(pthread_create(&t[i], NULL, float_loop, (void *)(i + 1)) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(fp_bad, 0);
}

TEST(compare_and_swap_of_16_bytes)
{
    _Alignas(16) static unsigned __int128 cell = 5;
    unsigned long low = 9, high = 2, old_low = 5, old_high = 0;
    bool done;
    __asm__ volatile("lock cmpxchg16b %1" : "=@ccz"(done), "+m"(cell), "+a"(old_low), "+d"(old_high) : "b"(low), "c"(high) : "memory");
    EXPECT(done);
    EXPECT_EQ((long)(cell >> 64), 2);
}

MAIN()
