/*
 * process_vm_readv and process_vm_writev between two processes that share a file: "target FILE SEED" changes its pages as the
 * other asks, "caller FILE SEED ROUNDS" reads and writes them and prints what came of it: results, errors, sums of what
 * was moved, never an address. "churn FILE" maps and unmaps all the time, "chase FILE MILLISECONDS" reads and writes it
 * meanwhile and only asks that each byte be the target's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 96, KINDS = 9, CHURNED = 8, LONGEST = 600, MARK = 0xa5 };

struct shared {
    volatile int turn; /* even: the target's, odd: the caller's */
    volatile int ends, process;
    unsigned char *volatile base;
    struct { unsigned char *volatile start; volatile size_t length; } churned[CHURNED];
};

static uint64_t state;
static struct shared *shared;

static uint64_t random_below(uint64_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % bound;
}

static void wait_turn(int parity) {
    while ((shared->turn & 1) != parity && !shared->ends)
        usleep(50);
}

static void require(int condition, const char *what) {
    if (!condition) {
        perror(what);
        exit(2);
    }
}

/* A file of 24 pages. Private and shared maps have one each: what a clean private page shows of a changed file is open. */
static int pages_of_letters(void) {
    char name[] = "/tmp/crossmemory-XXXXXX", text[PAGE];
    int file = mkstemp(name);
    require(file >= 0 && unlink(name) == 0, "mkstemp");
    for (int page = 0; page < 24; page++) {
        memset(text, 'a' + page, PAGE);
        require(write(file, text, PAGE) == PAGE, "write");
    }
    return file;
}

static void change(unsigned char *base, int file, int written) {
    size_t first = random_below(PAGES), count = 1 + random_below(PAGES - first < 12 ? PAGES - first : 12);
    unsigned char *at = base + first * PAGE;
    size_t length = count * PAGE;
    int kind = (int)random_below(KINDS), flags = MAP_FIXED | MAP_PRIVATE;
    void *got = at;
    if (kind <= 4)
        got = mmap(at, length, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    else if (kind == 5)
        got = mmap(at, length, PROT_READ | PROT_WRITE, flags, file, (off_t)(first % 16) * PAGE);
    else if (kind == 6)
        got = mmap(at, length, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED, written, (off_t)(first % 16) * PAGE);
    else if (kind == 7)
        munmap(at, length);
    require(got == at, "mmap");
    if (kind == 7)
        return;
    if (kind == 8) {
        mprotect(at, length, (int)random_below(4) == 0 ? PROT_NONE : (int)random_below(3) == 0 ? PROT_READ : PROT_READ | PROT_WRITE);
        return;
    }
    /* Some pages stay as they are: untouched, or the file's. */
    for (size_t page = 0; page < count; page++)
        if ((kind != 5 && kind != 6) || first % 16 + page < 24)
            if (random_below(3))
                memset(at + page * PAGE, (int)random_below(256), PAGE);
    if (kind == 1)
        mprotect(at, length, PROT_READ);
    if (kind == 2)
        mprotect(at, length, PROT_NONE);
    if (kind == 3 && random_below(2))
        madvise(at, length, MADV_DONTNEED);
}

static int target(int file, int written, uint64_t seed) {
    state = seed;
    unsigned char *base = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(base != MAP_FAILED, "mmap");
    shared->process = getpid();
    shared->base = base;
    while (!shared->ends) {
        for (int index = 0; index < 4; index++)
            change(base, file, written);
        shared->turn++;
        wait_turn(0);
    }
    return 0;
}

static void pick(struct iovec *vectors, size_t *count, unsigned char *base, size_t bytes, int allow_bad) {
    *count = 1 + random_below(6);
    for (size_t index = 0; index < *count; index++) {
        size_t start = random_below(bytes), longest = bytes - start;
        vectors[index].iov_len = random_below(8) == 0 ? 0 : random_below(longest < 60000 ? longest + 1 : 60000);
        vectors[index].iov_base = base + start;
        if (allow_bad && random_below(40) == 0)
            vectors[index].iov_base = (void *)(uintptr_t)(random_below(2) ? 8 : 0x700000000000);
    }
}

static int caller(uint64_t seed, int rounds) {
    state = ~seed;
    size_t bytes = PAGES * PAGE;
    unsigned char *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec local[8], remote[8];
    while (shared->base == NULL)
        usleep(100);
    for (int round = 0; round < rounds; round++) {
        wait_turn(1);
        for (int step = 0; step < 6; step++) {
            size_t locals, remotes;
            int writes = random_below(3) == 0;
            memset(buffer, 0x11 + round, bytes);
            if (writes)
                for (size_t index = 0; index < bytes; index += 97)
                    buffer[index] = (unsigned char)(index + round);
            pick(local, &locals, buffer, bytes, 1);
            pick(remote, &remotes, shared->base, bytes, 1);
            errno = 0;
            ssize_t moved = (writes ? process_vm_writev : process_vm_readv)(shared->process, local, locals, remote, remotes, 0);
            int error = errno;
            uint64_t sum = 14695981039346656037u;
            for (size_t index = 0; index < bytes; index++)
                sum = (sum ^ buffer[index]) * 1099511628211u;
            printf("%d.%d %s %zd %d %016llx\n", round, step, writes ? "write" : "read", moved, moved < 0 ? error : 0, (unsigned long long)sum);
        }
        shared->turn++;
    }
    shared->ends = 1;
    struct iovec one = {buffer, 1}, wrong = {shared->base, 1};
    printf("flags %zd", process_vm_readv(shared->process, &one, 1, &wrong, 1, 1));
    printf(" %d\n", errno);
    printf("nobody %zd", process_vm_readv(0x3ffffff, &one, 1, &wrong, 1, 0));
    printf(" %d\n", errno);
    printf("nothing %zd\n", process_vm_readv(shared->process, &one, 0, &wrong, 1, 0));
    printf("done\n");
    return 0;
}

/* Maps for the other to find, and maps of its own, elsewhere, that must stay untouched: fresh ones are zero. */
static int churn(void) {
    unsigned char *hidden = mmap(NULL, (size_t)CHURNED * LONGEST * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    require(hidden != MAP_FAILED, "mmap");
    state = (uint64_t)getpid();
    for (int index = 0; !shared->ends; index = (index + 1) % CHURNED) {
        if (shared->churned[index].start && shared->process == getpid())
            munmap(shared->churned[index].start, shared->churned[index].length);
        size_t length = (1 + random_below(LONGEST)) * PAGE;
        unsigned char *own = hidden + (size_t)index * LONGEST * PAGE;
        require(mmap(own, length, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == own, "mmap");
        for (size_t at = 0; at < length; at += 64)
            if (own[at] != 0) {
                printf("fresh memory is not zero\n");
                exit(3);
            }
        memset(own, ~MARK, length);
        unsigned char *start = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        require(start != MAP_FAILED, "mmap");
        memset(start, MARK, length);
        shared->churned[index].length = length;
        shared->churned[index].start = start;
        if (index == CHURNED - 1)
            shared->process = getpid();
        for (size_t at = 0; at < length; at += 64)
            if (own[at] != (unsigned char)~MARK) {
                printf("memory of one's own has changed\n");
                exit(3);
            }
        if (random_below(2))
            require(mmap(own, length, PROT_NONE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == own, "mmap");
    }
    return 0;
}

static int chase(long milliseconds) {
    struct timespec now, start;
    size_t most = LONGEST * PAGE;
    unsigned char *buffer = malloc(most);
    clock_gettime(CLOCK_MONOTONIC, &start);
    long reads = 0, writes = 0, ended = 0;
    do {
        int index = (int)random_below(CHURNED), process = shared->process;
        struct iovec local = {buffer, shared->churned[index].length}, remote = {shared->churned[index].start, local.iov_len};
        if (!process || !remote.iov_base || local.iov_len > most) {
            usleep(100);
        } else if (random_below(4) == 0) {
            memset(buffer, MARK, local.iov_len);
            if (process_vm_writev(process, &local, 1, &remote, 1, 0) > 0)
                writes++;
        } else {
            memset(buffer, 0, local.iov_len);
            ssize_t got = process_vm_readv(process, &local, 1, &remote, 1, 0);
            for (ssize_t at = 0; at < got; at++)
                if (buffer[at] != MARK && buffer[at] != 0) {
                    printf("byte %d is nobody's\n", buffer[at]);
                    return 3;
                }
            reads += got > 0;
            ended += got < 0 && errno == ESRCH;
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < milliseconds);
    fprintf(stderr, "reads %ld writes %ld ended %ld\n", reads, writes, ended);
    puts(reads > 0 && writes > 0 ? "chased" : "idle");
    return 0;
}

int main(int count, char **words) {
    require(count >= 3, "words");
    int file = open(words[2], O_RDWR | O_CREAT, 0600);
    require(file >= 0 && ftruncate(file, 24 * PAGE) == 0, "file");
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    require(shared != MAP_FAILED, "mmap");
    if (strcmp(words[1], "churn") == 0)
        return churn();
    if (strcmp(words[1], "chase") == 0)
        return chase(atol(words[3]));
    return strcmp(words[1], "target") == 0 ? target(pages_of_letters(), pages_of_letters(), strtoull(words[3], NULL, 0)) : caller(strtoull(words[3], NULL, 0), atoi(words[4]));
}
