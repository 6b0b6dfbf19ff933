// Maps at their edges: holes, overlays, growing and moving, files shorter than their map, two views of one memory,
// code that is written and run, and threads that map and unmap beside each other.
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { PAGE = 4096 };
static sigjmp_buf back;

static void jump(int number) { siglongjmp(back, number); }

// 0 when the byte can be read, else the signal.
static int reading(volatile const char *address)
{
    int number = sigsetjmp(back, 1);
    if (!number)
        (void)*address;
    return number;
}

static int writing(volatile char *address)
{
    int number = sigsetjmp(back, 1);
    if (!number)
        *address = 1;
    return number;
}

static char *map(size_t pages, int protection)
{
    char *address = mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(address != MAP_FAILED);
    return address;
}

static void holes_and_overlays(void)
{
    char *area = map(10, PROT_READ | PROT_WRITE);
    memset(area, 'a', 10 * PAGE);
    CHECK(munmap(area + 3 * PAGE, 2 * PAGE) == 0);
    CHECK(reading(area + 3 * PAGE - 1) == 0 && reading(area + 3 * PAGE) == SIGSEGV && reading(area + 5 * PAGE) == 0);
    CHECK(mmap(area + 3 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == area + 3 * PAGE);
    CHECK(mmap(area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(area[3 * PAGE] == 0 && writing(area + 3 * PAGE) == SIGSEGV);
    CHECK(mmap(area + PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + PAGE);
    CHECK(area[0] == 'a' && area[PAGE] == 0 && area[8 * PAGE] == 0 && area[9 * PAGE] == 'a');
    CHECK(munmap(area + 3 * PAGE, 7 * PAGE) == 0 && munmap(area, 10 * PAGE) == 0); // holes may be unmapped as well
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(munmap((char *)PAGE + 1, PAGE) == -1 && errno == EINVAL);
    puts("holes and overlays");
}

static void protections(void)
{
    char *area = map(6, PROT_READ | PROT_WRITE);
    memset(area, 'p', 6 * PAGE);
    for (int i = 0; i < 6; i++)
        CHECK(mprotect(area + i * PAGE, PAGE, i % 3 == 0 ? PROT_NONE : i % 3 == 1 ? PROT_READ : PROT_READ | PROT_WRITE) == 0);
    for (int i = 0; i < 6; i++) {
        CHECK(reading(area + i * PAGE) == (i % 3 == 0 ? SIGSEGV : 0));
        CHECK(writing(area + i * PAGE) == (i % 3 == 2 ? 0 : SIGSEGV));
    }
    CHECK(mprotect(area, 6 * PAGE, PROT_READ) == 0);
    CHECK(area[0] == 'p' && area[2 * PAGE] == 1);
    munmap(area + 2 * PAGE, PAGE);
    CHECK(mprotect(area, 6 * PAGE, PROT_NONE) == -1 && errno == ENOMEM);
    CHECK(mprotect(area + 1, PAGE, PROT_READ) == -1 && errno == EINVAL);
    for (int turn = 0; turn < 200; turn++) { // a page whose protection keeps changing
        char *page = area + 4 * PAGE;
        mprotect(page, PAGE, PROT_READ | PROT_WRITE);
        CHECK(writing(page) == 0);
        mprotect(page, PAGE, PROT_READ);
        CHECK(writing(page) == SIGSEGV);
    }
    puts("protections");
}

static void moving(void)
{
    char *area = map(2, PROT_READ | PROT_WRITE);
    area[0] = 'm';
    area[2 * PAGE - 1] = 'n';
    char *grown = mremap(area, 2 * PAGE, 600 * PAGE, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && grown[0] == 'm' && grown[2 * PAGE - 1] == 'n' && grown[599 * PAGE] == 0);
    grown[599 * PAGE] = 'e';
    CHECK(mremap(grown, 600 * PAGE, PAGE, 0) == grown);
    CHECK(grown[0] == 'm' && reading(grown + PAGE) == SIGSEGV);
    char *target = map(4, PROT_NONE);
    CHECK(mremap(grown, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE) == target + PAGE);
    CHECK(target[PAGE] == 'm' && target[2 * PAGE] == 0 && reading(target) == SIGSEGV && reading(target + 3 * PAGE) == SIGSEGV);
    CHECK(reading(grown) == SIGSEGV);
    char *tight = map(3, PROT_READ | PROT_WRITE);
    CHECK(mremap(tight, PAGE, 2 * PAGE, 0) == MAP_FAILED && errno == ENOMEM);
    puts("growing, shrinking and moving");
}

static void of_files(void)
{
    char name[] = "/tmp/weft-maps-XXXXXX";
    int file = mkstemp(name);
    CHECK(file >= 0);
    unlink(name);
    for (int i = 0; i < 3; i++) {
        char page[PAGE];
        memset(page, 'A' + i, PAGE);
        CHECK(write(file, page, i == 2 ? 100 : PAGE) > 0);
    }
    char *shared = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char *private = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    char *middle = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, PAGE);
    CHECK(shared[0] == 'A' && shared[2 * PAGE + 99] == 'C' && shared[2 * PAGE + 100] == 0);
    CHECK(reading(shared + 3 * PAGE) == SIGBUS);
    shared[PAGE] = 'x';
    private[PAGE + 1] = 'y';
    char bytes[2];
    CHECK(pread(file, bytes, 2, PAGE) == 2 && bytes[0] == 'x' && bytes[1] == 'B');
    CHECK(middle[0] == 'x' && middle[1] == 'B' && private[PAGE + 1] == 'y');
    CHECK(pwrite(file, "zz", 2, 0) == 2 && shared[0] == 'z');
    CHECK(ftruncate(file, 4 * PAGE) == 0 && reading(shared + 3 * PAGE) == 0);
    CHECK(ftruncate(file, PAGE) == 0 && reading(shared + PAGE) == SIGBUS);
    CHECK(msync(shared, PAGE, MS_SYNC) == 0);
    close(file);
    CHECK(shared[0] == 'z');
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0) == MAP_FAILED && errno == EBADF);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 0, 17) == MAP_FAILED && errno == EINVAL);
    puts("maps of files");
}

static void two_views(void)
{
    int memory = memfd_create("views", MFD_CLOEXEC);
    CHECK(memory >= 0 && ftruncate(memory, 4 * PAGE) == 0);
    unsigned char *code = mmap(NULL, 4 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0);
    unsigned char *data = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    for (int value = 0; value < 100; value++) {
        unsigned char body[] = { 0xb8, (unsigned char)value, 0, 0, 0, 0xc3 }; // mov eax, value; ret
        memcpy(data + (value % 4) * PAGE, body, sizeof body);
        CHECK(((int (*)(void))(uintptr_t)(code + (value % 4) * PAGE))() == value);
    }
    puts("code written through one view and run through another");
}

static void advice(void)
{
    char *area = map(8, PROT_READ | PROT_WRITE);
    memset(area, 'd', 8 * PAGE);
    CHECK(madvise(area + PAGE, 2 * PAGE, MADV_DONTNEED) == 0);
    CHECK(area[0] == 'd' && area[PAGE] == 0 && area[2 * PAGE] == 0 && area[3 * PAGE] == 'd');
    CHECK(madvise(area, 8 * PAGE, MADV_FREE) == 0);
    CHECK(area[0] == 'd' || area[0] == 0);
    CHECK(madvise(area + 1, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
    unsigned char resident[8];
    memset(area, 1, 8 * PAGE);
    CHECK(mincore(area, 8 * PAGE, resident) == 0 && (resident[0] & 1));
    CHECK(mlock(area, PAGE) == 0 && munlock(area, PAGE) == 0);
    void *before = sbrk(0);
    CHECK(sbrk(40 * PAGE) == before);
    memset(before, 'b', 40 * PAGE);
    CHECK(sbrk(-40 * PAGE) != (void *)-1 && sbrk(0) == before);
    puts("advice and the break");
}

static void *churn(void *seed)
{
    unsigned state = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < 300; i++) {
        state = state * 1103515245 + 12345;
        size_t pages = 1 + (state >> 16) % 64;
        char *area = map(pages, PROT_READ | PROT_WRITE);
        for (size_t p = 0; p < pages; p++) {
            CHECK(area[p * PAGE] == 0);
            area[p * PAGE] = (char)i;
        }
        mprotect(area, PAGE, PROT_READ);
        CHECK(area[(pages - 1) * PAGE] == (char)i);
        CHECK(munmap(area, pages * PAGE) == 0);
    }
    return NULL;
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    signal(SIGSEGV, jump);
    signal(SIGBUS, jump);
    holes_and_overlays();
    protections();
    moving();
    of_files();
    two_views();
    advice();
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    puts("threads that map beside each other");
    return 0;
}
