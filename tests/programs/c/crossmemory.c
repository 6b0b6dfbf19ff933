/*
 * process_vm_readv and process_vm_writev between two processes that share a file: "target FILE SEED" changes its pages as the
 * other asks, "caller FILE SEED ROUNDS" reads and writes them and prints what came of it: results, errors, sums of what
 * was moved, never an address. "churn FILE" maps and unmaps all the time, "chase FILE MILLISECONDS" reads and writes it
 * meanwhile and only asks that each byte be the target's own. "still FILE" only waits; "visit
 * FILE" reads a page of it, "look FILE" reads what /proc tells of it, and "hostile FILE" makes calls on it that no sane program makes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* A target that only waits. */
static int still(void) {
    unsigned char *base = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(base != MAP_FAILED, "mmap");
    memset(base, 's', PAGES * PAGE);
    shared->process = getpid();
    shared->base = base;
    while (!shared->ends)
        usleep(1000);
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

static const char *content_of(const char *file) {
    static char path[64], text[65536];
    snprintf(path, sizeof path, "/proc/%d/%s", shared->process, file);
    int opened = open(path, O_RDONLY);
    ssize_t length = opened < 0 ? -1 : read(opened, text, sizeof text - 1);
    if (opened >= 0)
        close(opened);
    text[length < 0 ? 0 : length] = 0;
    /* As text: words of a command line end with zeroes. */
    for (ssize_t at = 0; at < length; at++)
        if (text[at] == 0)
            text[at] = ' ';
    return text;
}

static void same_link(const char *link) {
    char path[64], own[512], other[512];
    snprintf(path, sizeof path, "/proc/%d/%s", shared->process, link);
    ssize_t length = readlink(path, other, sizeof other);
    snprintf(path, sizeof path, "/proc/self/%s", link);
    ssize_t own_length = readlink(path, own, sizeof own);
    printf("%s %s\n", link, length > 0 && length == own_length && memcmp(own, other, (size_t)length) == 0 ? "as mine" : "differs");
}

static int entries(const char *directory, const char *wanted) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", shared->process, directory);
    DIR *opened = opendir(path);
    int found = 0;
    for (struct dirent *entry; opened && (entry = readdir(opened));)
        found += strcmp(entry->d_name, wanted) == 0;
    if (opened)
        closedir(opened);
    return found;
}

static void missing(const char *path) {
    errno = 0;
    int opened = open(path, O_RDONLY);
    printf("missing %d %d\n", opened, errno);
}

static int look(int file) {
    char id[16], line[64];
    while (shared->base == NULL)
        usleep(100);
    snprintf(id, sizeof id, "%d", shared->process);
    snprintf(line, sizeof line, "%d (crossmemory) ", shared->process);
    printf("stat %d\n", strncmp(content_of("stat"), line, strlen(line)) == 0);
    snprintf(line, sizeof line, "\nPid:\t%d\n", shared->process);
    const char *status = content_of("status");
    printf("status %d %d\n", strstr(status, line) != NULL, strncmp(status, "Name:\tcrossmemory\n", 18) == 0);
    printf("comm %s", content_of("comm"));
    printf("cmdline %d\n", strstr(content_of("cmdline"), " still ") != NULL);
    const char *maps = content_of("maps");
    printf("maps %d %d %d\n", strstr(maps, "/crossmemory\n") != NULL, strstr(maps, "[stack]") != NULL, strstr(maps, "libc") != NULL);
    same_link("exe");
    same_link("cwd");
    same_link("fd/3");
    snprintf(line, sizeof line, "/proc/%d/fd/3", shared->process);
    int again = open(line, O_RDWR);
    struct stat mine, other;
    printf("fd opened %d\n", again >= 0 && fstat(again, &other) == 0 && fstat(file, &mine) == 0 && mine.st_ino == other.st_ino);
    printf("fdinfo %d\n", strncmp(content_of("fdinfo/3"), "pos:\t0\n", 7) == 0);
    printf("listed %d %d %d\n", entries("fd", "3"), entries("fdinfo", "3"), entries("task", id));
    snprintf(line, sizeof line, "task/%d/comm", shared->process);
    printf("task comm %s", content_of(line));
    snprintf(line, sizeof line, "/proc/%d/fd/99", shared->process);
    missing(line);
    snprintf(line, sizeof line, "/proc/%d/nothing", shared->process);
    missing(line);
    missing("/proc/67108863/stat");
    shared->ends = 1;
    return 0;
}

static void attempt(const char *what, int process, const void *local, unsigned long locals, const void *remote, unsigned long remotes) {
    errno = 0;
    ssize_t read = syscall(SYS_process_vm_readv, process, local, locals, remote, remotes, 0);
    int read_error = errno;
    errno = 0;
    ssize_t written = syscall(SYS_process_vm_writev, process, local, locals, remote, remotes, 0);
    printf("%s: %zd %d, %zd %d\n", what, read, read < 0 ? read_error : 0, written, written < 0 ? errno : 0);
}

static int hostile(void) {
    static struct iovec many[1100];
    static char buffer[2 * PAGE];
    while (shared->base == NULL)
        usleep(100);
    int process = shared->process;
    struct iovec here = {buffer, 64}, there = {shared->base, 64}, huge = {buffer, SIZE_MAX}, half = {buffer, SIZE_MAX / 2};
    struct iovec kernel = {(void *)0xffff888000000000, 64}, low = {(void *)8, 64}, edge = {(void *)0x7ffffffff000, 4096}, wraps = {(void *)(SIZE_MAX - 10), 64};
    struct iovec two[2] = {half, half}, odd[2] = {here, low}, windows = {(void *)0x200000000000, 4096};
    for (int index = 0; index < 1100; index++)
        many[index] = (struct iovec){shared->base + index % 64, 1};
    attempt("as it should be", process, &here, 1, &there, 1);
    attempt("to myself", getpid(), &here, 1, &here, 1);
    attempt("1,025 of mine", process, many, 1025, &there, 1);
    attempt("1,025 of the other", process, &here, 1, many, 1025);
    attempt("2^31 of mine", process, many, 1ul << 31, &there, 1);
    attempt("a length below zero", process, &huge, 1, &there, 1);
    attempt("a length of the other below zero", process, &here, 1, &huge, 1);
    attempt("lengths that overflow", process, two, 2, &there, 1);
    attempt("lengths of the other that overflow", process, &here, 1, two, 2);
    attempt("the kernel's memory as mine", process, &kernel, 1, &there, 1);
    attempt("the kernel's memory of the other", process, &here, 1, &kernel, 1);
    attempt("low memory", process, &low, 1, &low, 1);
    attempt("the last page", process, &here, 1, &edge, 1);
    attempt("round the end", process, &here, 1, &wraps, 1);
    attempt("nobody's memory", process, &here, 1, &windows, 1);
    attempt("nobody's memory as mine", process, &windows, 1, &there, 1);
    attempt("an array nowhere", process, (void *)8, 1, &there, 1);
    attempt("an array of the other's nowhere", process, &here, 1, (void *)8, 1);
    attempt("an array in the kernel", process, (void *)0xffffffff80000000, 1, &there, 1);
    attempt("one bad of two", process, odd, 2, many, 128);
    attempt("nobody", 0x3ffffff, &here, 1, &there, 1);
    attempt("a process below zero", -1, &here, 1, &there, 1);
    attempt("process 0", 0, &here, 1, &there, 1);
    shared->ends = 1;
    return 0;
}

/* A short visit: one page of the target's, read twice. */
static int visit(void) {
    static char page[PAGE];
    while (shared->base == NULL)
        usleep(1000);
    struct iovec local = {page, PAGE}, remote = {shared->base, PAGE};
    for (int turn = 0; turn < 2; turn++)
        require(process_vm_readv(shared->process, &local, 1, &remote, 1, 0) == PAGE && page[PAGE - 1] == 's', "visit");
    puts("read");
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
    if (strcmp(words[1], "still") == 0)
        return still();
    if (strcmp(words[1], "visit") == 0)
        return visit();
    if (strcmp(words[1], "look") == 0)
        return look(file);
    if (strcmp(words[1], "hostile") == 0)
        return hostile();
    return strcmp(words[1], "target") == 0 ? target(pages_of_letters(), pages_of_letters(), strtoull(words[3], NULL, 0)) : caller(strtoull(words[3], NULL, 0), atoi(words[4]));
}
