// Reserves 300 GB of addresses, as language runtimes do, commits a little here and there, and gives it back.
#include "check.h"
#include <stdint.h>
#include <sys/mman.h>

int main(void)
{
    const size_t gigabyte = 1UL << 30, size = 300 * gigabyte, page = 4096;
    char *reserved = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(reserved != MAP_FAILED);
    uint64_t sum = 0;
    for (size_t g = 0; g < 300; g += 12)
        for (int part = 0; part < 4; part++) {
            char *block = reserved + g * gigabyte + (size_t)part * 100 * page;
            CHECK(mprotect(block, 25 * page, PROT_READ | PROT_WRITE) == 0);
            for (size_t p = 0; p < 25; p++) {
                CHECK(block[p * page] == 0);
                block[p * page] = (char)(g + p);
                sum += (unsigned char)block[p * page];
            }
        }
    printf("touched %d pages, sum %lu\n", 25 * 4 * 25, sum);
    CHECK(madvise(reserved, 100 * gigabyte, MADV_DONTNEED) == 0);
    CHECK(reserved[0] == 0 && reserved[12 * gigabyte] == 0 && reserved[108 * gigabyte] == 108);
    CHECK(munmap(reserved + gigabyte, 298 * gigabyte) == 0);
    CHECK(reserved[0] == 0);
    char *open = mmap(NULL, 64 * gigabyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(open != MAP_FAILED);
    for (size_t g = 0; g < 64; g++)
        open[g * gigabyte + g * page] = (char)g;
    for (size_t g = 0; g < 64; g++)
        CHECK(open[g * gigabyte + g * page] == (char)g && open[g * gigabyte + g * page + page] == 0);
    puts("64 GB writable, one page in each");
    return 0;
}
