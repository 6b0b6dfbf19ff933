// Two processes and a System V segment: "segments FILE maker|user". The file tells the one of the other. What is printed does
// not depend on identifiers or addresses.
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/shm.h>

enum { BYTES = 300000 };

struct common {
    atomic_int step;
    int segment;
};

struct content {
    pthread_mutex_t mutex;
    long counter;
    char text[64];
};

static struct common *common;

static void reach(int step)
{
    while (atomic_load(&common->step) < step)
        usleep(200);
}

static void next(void) { atomic_fetch_add(&common->step, 1); }

static void add(struct content *content, long rounds)
{
    for (long round = 0; round < rounds; round++) {
        CHECK(pthread_mutex_lock(&content->mutex) == 0);
        content->counter++;
        CHECK(pthread_mutex_unlock(&content->mutex) == 0);
    }
}

static void tell(const char *when, int segment)
{
    struct shmid_ds state;
    if (shmctl(segment, IPC_STAT, &state) < 0) {
        printf("%s: no segment, %d\n", when, errno);
        return;
    }
    printf("%s: %zu bytes, %lu attached, mode %o, %s%s\n", when, state.shm_segsz, (unsigned long)state.shm_nattch, state.shm_perm.mode & 07777u,
           state.shm_cpid == getpid() ? "mine" : "the other's", state.shm_lpid == getpid() ? ", last by me" : "");
}

static void maker(void)
{
    common->segment = shmget(IPC_PRIVATE, BYTES, IPC_CREAT | 0600);
    CHECK(common->segment >= 0);
    struct shm_info before;
    CHECK(shmctl(0, SHM_INFO, (struct shmid_ds *)&before) >= 0 && before.used_ids >= 1);
    struct content *content = shmat(common->segment, NULL, 0);
    CHECK(content != (void *)-1);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&content->mutex, &shared);
    strcpy(content->text, "from the maker");
    next();
    reach(2);
    tell("both", common->segment);
    add(content, 20000);
    CHECK(shmctl(common->segment, IPC_RMID, NULL) == 0);
    next();
    reach(4);
    printf("counter %ld, %s\n", content->counter, content->text);
    CHECK(shmdt(content) == 0);
    next();
    reach(6);
    tell("after all", common->segment);
}

static void user(void)
{
    reach(1);
    char *place = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(place, 'x', 1 << 20);
    CHECK(shmat(common->segment, place, 0) == (void *)-1 && errno == EINVAL);
    struct content *content = shmat(common->segment, place, SHM_REMAP);
    CHECK((char *)content == place && strcmp(content->text, "from the maker") == 0);
    printf("behind the segment '%c'\n", place[(BYTES + 4095) / 4096 * 4096]);
    next();
    add(content, 20000);
    reach(3);
    // It lives on as long as somebody is attached, and on Linux further ones may attach.
    struct content *again = shmat(common->segment, NULL, SHM_RDONLY);
    CHECK(again != (void *)-1);
    tell("removed", common->segment);
    strcpy(content->text, "from the user");
    printf("seen twice: %s\n", again->text);
    while (content->counter < 40000)
        usleep(200);
    CHECK(shmdt(again) == 0 && shmdt(again) < 0 && errno == EINVAL);
    next();
    reach(5);
    tell("alone", common->segment);
    CHECK(shmdt(content) == 0);
    next();
}

int main(int count, char **words)
{
    CHECK(count == 3);
    int file = open(words[1], O_RDWR | O_CREAT, 0600);
    CHECK(file >= 0 && ftruncate(file, sizeof *common) == 0);
    common = mmap(NULL, sizeof *common, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(common != MAP_FAILED);
    strcmp(words[2], "maker") == 0 ? maker() : user();
    puts("done");
    return 0;
}
