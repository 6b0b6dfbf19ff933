// Threads, and every means of POSIX to hold them together; prints only what doesn't depend on their order.
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

enum { THREADS = 8, TURNS = 20000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t items, places;
static _Thread_local long own = 7;
static long plain;
static int whose, onces;
static atomic_int destroyed, serial;

static void *add(void *argument)
{
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        plain++;
        pthread_mutex_unlock(&mutex);
    }
    own += (intptr_t)argument;
    return (void *)own;
}

static void *take_turns(void *argument)
{
    int me = (int)(intptr_t)argument;
    for (int round = 0; round < 200; round++) {
        pthread_mutex_lock(&mutex);
        while (whose != me)
            pthread_cond_wait(&turn, &mutex);
        whose = (whose + 1) % THREADS;
        pthread_cond_broadcast(&turn);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *meet(void *argument)
{
    (void)argument;
    for (int i = 0; i < 100; i++)
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            atomic_fetch_add(&serial, 1);
    return NULL;
}

static void *read_write(void *argument)
{
    long seen = 0;
    for (int i = 0; i < 2000; i++) {
        if (i % 16 == (intptr_t)argument) {
            pthread_rwlock_wrlock(&lock);
            plain++;
        } else {
            pthread_rwlock_rdlock(&lock);
            seen += plain >= 0;
        }
        pthread_rwlock_unlock(&lock);
    }
    return (void *)seen;
}

static void *produce(void *argument)
{
    (void)argument;
    for (int i = 0; i < 1000; i++) {
        sem_wait(&places);
        sem_post(&items);
    }
    return NULL;
}

static void *consume(void *argument)
{
    (void)argument;
    for (int i = 0; i < 1000; i++) {
        sem_wait(&items);
        sem_post(&places);
    }
    return NULL;
}

static void count_once(void) { onces++; }
static void destroy(void *value) { atomic_fetch_add(&destroyed, (int)(intptr_t)value); }

static void *use_key(void *argument)
{
    pthread_once(&once, count_once);
    pthread_setspecific(key, argument);
    return NULL;
}

static void *wait_for_cancel(void *argument)
{
    while (argument == NULL)
        pause();
    return argument;
}

static void *die_with_mutex(void *robust)
{
    pthread_mutex_lock(robust);
    return NULL;
}

static long run(void *(*body)(void *))
{
    pthread_t threads[THREADS];
    long sum = 0;
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        sum += (intptr_t)result;
    }
    return sum;
}

static void timed(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += 20000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    sem_t never;
    sem_init(&never, 0, 0);
    CHECK(sem_timedwait(&never, &end) == -1 && errno == ETIMEDOUT);
    pthread_mutex_lock(&mutex);
    CHECK(pthread_cond_timedwait(&turn, &mutex, &end) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

static void robust_and_inheriting(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_t robust;
    pthread_mutex_init(&robust, &attributes);
    pthread_t thread;
    pthread_create(&thread, NULL, die_with_mutex, &robust);
    pthread_join(thread, NULL);
    CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&robust) == 0);
    CHECK(pthread_mutex_unlock(&robust) == 0);

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    CHECK(pthread_mutex_init(&mutex, &attributes) == 0);
    plain = 0;
    run(add);
    CHECK(plain == (long)THREADS * TURNS);
}

int main(void)
{
    CHECK(run(add) == THREADS * 7 + THREADS * (THREADS - 1) / 2);
    CHECK(plain == (long)THREADS * TURNS);
    run(take_turns);
    CHECK(whose == 0);
    pthread_barrier_init(&barrier, NULL, THREADS);
    run(meet);
    CHECK(serial == 100);
    plain = 0;
    CHECK(run(read_write) == THREADS * (2000 - 125));
    CHECK(plain == THREADS * 125);
    sem_init(&items, 0, 0);
    sem_init(&places, 0, 4);
    pthread_t consumer;
    pthread_create(&consumer, NULL, consume, NULL);
    produce(NULL);
    pthread_join(consumer, NULL);
    pthread_key_create(&key, destroy);
    run(use_key);
    CHECK(onces == 1);
    CHECK(destroyed == THREADS * (THREADS - 1) / 2);
    pthread_t cancelled;
    void *result;
    pthread_create(&cancelled, NULL, wait_for_cancel, NULL);
    CHECK(pthread_cancel(cancelled) == 0);
    pthread_join(cancelled, &result);
    CHECK(result == PTHREAD_CANCELED);
    timed();
    robust_and_inheriting();
    for (int i = 0; i < 300; i++) { // threads that come and go: their stacks are used again
        pthread_t brief;
        CHECK(pthread_create(&brief, NULL, use_key, (void *)0) == 0);
        pthread_join(brief, NULL);
    }
    puts("threads done");
    return 0;
}
