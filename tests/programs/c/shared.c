// One half of a pair that shares a mapped file: "shared FILE N ROUNDS" adds N to a counter under a process-shared mutex
// that lives in the file. The first to come sets it up.
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct common {
    atomic_int state; // 0 nobody yet, 1 being set up, 2 ready
    atomic_int arrived;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_barrier_t barrier;
    long counter;
    int turns;
};

int main(int argc, char **argv)
{
    CHECK(argc == 5);
    int file = open(argv[1], O_RDWR | O_CREAT, 0600);
    long amount = atol(argv[2]), rounds = atol(argv[3]);
    int partners = atoi(argv[4]);
    CHECK(file >= 0 && ftruncate(file, sizeof(struct common)) == 0);
    struct common *common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(common != MAP_FAILED);
    if (atomic_compare_exchange_strong(&common->state, &(int){ 0 }, 1)) {
        pthread_mutexattr_t mutex;
        pthread_mutexattr_init(&mutex);
        pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
        pthread_mutex_init(&common->mutex, &mutex);
        pthread_condattr_t condition;
        pthread_condattr_init(&condition);
        pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
        pthread_cond_init(&common->changed, &condition);
        pthread_barrierattr_t barrier;
        pthread_barrierattr_init(&barrier);
        pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
        pthread_barrier_init(&common->barrier, &barrier, (unsigned)partners);
        atomic_store(&common->state, 2);
    }
    while (atomic_load(&common->state) != 2)
        usleep(100);
    pthread_barrier_wait(&common->barrier);
    for (long i = 0; i < rounds; i++) {
        CHECK(pthread_mutex_lock(&common->mutex) == 0);
        long before = common->counter;
        if (i % 64 == 0)
            sched_yield(); // invites the other to break in
        common->counter = before + amount;
        CHECK(pthread_mutex_unlock(&common->mutex) == 0);
    }
    int me = atomic_fetch_add(&common->arrived, 1);
    pthread_barrier_wait(&common->barrier);
    for (int turn = 0; turn < 200; turn++) { // hand over to and fro by condition variable
        pthread_mutex_lock(&common->mutex);
        while (common->turns % partners != me)
            pthread_cond_wait(&common->changed, &common->mutex);
        common->turns++;
        pthread_cond_broadcast(&common->changed);
        pthread_mutex_unlock(&common->mutex);
    }
    pthread_barrier_wait(&common->barrier);
    printf("counter %ld turns %d\n", common->counter, common->turns);
    return 0;
}
