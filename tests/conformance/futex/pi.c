// Priority-inheriting and robust futexes, through glibc and raw.
#include "futex.h"
#include "../threads/raw.h"

static int pi_mutex(pthread_mutex_t *m, int kind, int robust)
{
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
    pthread_mutexattr_settype(&a, kind);
    pthread_mutexattr_setrobust(&a, robust);
    return pthread_mutex_init(m, &a);
}

static pthread_mutex_t mutex;
static long counter;

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        long c = counter;
        counter = c + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

TEST(pi_mutex_excludes)
{
    pthread_t t[3];
    REQUIRE(pi_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED) == 0);
    counter = 0;
    for (int i = 0; i < 3; i++)
        REQUIRE(pthread_create(&t[i], NULL, count, NULL) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(counter, 6000);
}

static void *try_it(void *p) { return (void *)(intptr_t)pthread_mutex_trylock(p); }

TEST(pi_trylock_of_a_held_mutex_is_busy)
{
    pthread_t t;
    void *r;
    pi_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    pthread_mutex_lock(&mutex);
    REQUIRE(pthread_create(&t, NULL, try_it, &mutex) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, EBUSY);
    pthread_mutex_unlock(&mutex);
}

static void *timed(void *p)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 5000000;
    if (at.tv_nsec >= 1000000000)
        at.tv_sec++, at.tv_nsec -= 1000000000;
    return (void *)(intptr_t)pthread_mutex_timedlock(p, &at);
}

TEST(pi_timed_lock_times_out)
{
    pthread_t t;
    void *r;
    pi_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    pthread_mutex_lock(&mutex);
    REQUIRE(pthread_create(&t, NULL, timed, &mutex) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

static void *die_with(void *p)
{
    pthread_mutex_lock(p);
    return NULL;
}

TEST(pi_robust_mutex_tells_of_its_dead_owner)
{
    pthread_t t;
    REQUIRE(pi_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST) == 0);
    REQUIRE(pthread_create(&t, NULL, die_with, &mutex) == 0);
    pthread_join(t, NULL);
    EXPECT_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
    pthread_mutex_consistent(&mutex);
    EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
}

static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int flag;

static void *wait_flag(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    while (!flag)
        pthread_cond_wait(&condition, &mutex);
    flag++;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

TEST(condition_with_a_pi_mutex)
{
    pthread_t t[3];
    pi_mutex(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    flag = 0;
    for (int i = 0; i < 3; i++)
        REQUIRE(pthread_create(&t[i], NULL, wait_flag, NULL) == 0);
    sleep_ms(2);
    pthread_mutex_lock(&mutex);
    flag = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    EXPECT_EQ(flag, 4);
}

static atomic_uint word;

TEST(raw_lock_of_a_free_word_takes_it)
{
    atomic_store(&word, 0);
    EXPECT_EQ(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    EXPECT_EQ(word & FUTEX_TID_MASK, syscall(SYS_gettid));
    EXPECT_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
    EXPECT_ERRNO(futex(&word, FUTEX_TRYLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
    EXPECT_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    EXPECT_EQ(word, 0);
}

TEST(raw_unlock_by_another_is_refused)
{
    atomic_store(&word, 1);
    EXPECT_ERRNO(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EPERM);
    atomic_store(&word, 0);
    EXPECT_ERRNO(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EPERM);
}

TEST(raw_lock_of_a_word_owned_by_nobody)
{
    atomic_store(&word, 0x3ffffff0);
    EXPECT_ERRNO(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), ESRCH);
}

static void *pi_waiter(void *p)
{
    atomic_store((atomic_int *)p, (int)syscall(SYS_gettid));
    long r = futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    bool owned = (atomic_load(&word) & FUTEX_TID_MASK) == (unsigned)syscall(SYS_gettid);
    futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
    return (void *)(intptr_t)(r == 0 && owned);
}

TEST(raw_unlock_hands_the_word_over)
{
    pthread_t t;
    void *r;
    static atomic_int tid;
    atomic_store(&word, 0);
    REQUIRE(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
    REQUIRE(pthread_create(&t, NULL, pi_waiter, &tid) == 0);
    EXPECT(EVENTUALLY(tid != 0 && (atomic_load(&word) & FUTEX_WAITERS) != 0));
    EXPECT_EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, 1);
    EXPECT_EQ(word, 0);
}

// ---- a robust list laid out by hand ----

struct robust_lock {
    struct robust_list list;
    atomic_uint word;
};

struct robust_set {
    struct robust_list_head head;
    struct robust_lock held, waited, other;
    atomic_long answer;
};

static int die_with_list(void *argument)
{
    struct robust_set *s = argument;
    unsigned tid = (unsigned)raw(SYS_gettid, 0, 0, 0, 0);
    s->head.list.next = &s->held.list;
    s->held.list.next = &s->waited.list;
    s->waited.list.next = &s->other.list;
    s->other.list.next = &s->head.list;
    s->head.futex_offset = offsetof(struct robust_lock, word);
    s->head.list_op_pending = NULL;
    atomic_store(&s->held.word, tid);
    atomic_store(&s->waited.word, tid | FUTEX_WAITERS);
    atomic_store(&s->other.word, 12345);
    atomic_store(&s->answer, raw(SYS_set_robust_list, (long)&s->head, sizeof s->head, 0, 0));
    return 0;
}

TEST(an_exiting_thread_marks_its_robust_list)
{
    static struct robust_set s;
    struct raw_thread t = { .body = die_with_list, .argument = &s, .ctid = 1 };
    REQUIRE(raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL) > 0);
    EXPECT(raw_join(&t));
    EXPECT_EQ(s.answer, 0);
    EXPECT_EQ(s.held.word, FUTEX_OWNER_DIED);
    EXPECT_EQ(s.waited.word, FUTEX_OWNER_DIED | FUTEX_WAITERS);
    EXPECT_EQ(s.other.word, 12345); // owned by another: untouched
}

static int die_pending(void *argument)
{
    struct robust_set *s = argument;
    s->head.list.next = &s->head.list;
    s->head.futex_offset = offsetof(struct robust_lock, word);
    s->head.list_op_pending = &s->held.list;
    atomic_store(&s->held.word, (unsigned)raw(SYS_gettid, 0, 0, 0, 0));
    raw(SYS_set_robust_list, (long)&s->head, sizeof s->head, 0, 0);
    return 0;
}

TEST(the_pending_entry_is_marked_too)
{
    static struct robust_set s;
    struct raw_thread t = { .body = die_pending, .argument = &s, .ctid = 1 };
    REQUIRE(raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL) > 0);
    EXPECT(raw_join(&t));
    EXPECT_EQ(s.held.word, FUTEX_OWNER_DIED);
}

static int die_looping(void *argument)
{
    struct robust_set *s = argument;
    s->head.list.next = &s->held.list;
    s->held.list.next = &s->held.list; // never ends
    s->head.futex_offset = offsetof(struct robust_lock, word);
    s->head.list_op_pending = NULL;
    raw(SYS_set_robust_list, (long)&s->head, sizeof s->head, 0, 0);
    return 0;
}

TEST(a_circular_robust_list_ends)
{
    static struct robust_set s;
    struct raw_thread t = { .body = die_looping, .argument = &s, .ctid = 1 };
    REQUIRE(raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL) > 0);
    EXPECT(raw_join(&t));
}

static int die_broken(void *argument)
{
    struct robust_set *s = argument;
    s->head.list.next = (void *)0x1230;
    raw(SYS_set_robust_list, (long)&s->head, sizeof s->head, 0, 0);
    return 0;
}

TEST(a_robust_list_that_leads_nowhere)
{
    static struct robust_set s;
    struct raw_thread t = { .body = die_broken, .argument = &s, .ctid = 1 };
    REQUIRE(raw_start(&t, THREAD_FLAGS | CLONE_CHILD_CLEARTID, NULL, NULL) > 0);
    EXPECT(raw_join(&t));
}

MAIN()
