// Takes memory, a page at a time, until there is no more: hog MIB. Says how far it came every 16 MiB.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int count, char **arguments) {
    size_t bytes = (size_t)(count > 1 ? atoi(arguments[1]) : 512) << 20;
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return 12;
    for (size_t at = 0; at < bytes; at += 4096) {
        memory[at] = 1;
        if (at % (16 << 20) == 0) {
            printf("%zu MiB\n", at >> 20);
            fflush(stdout);
        }
    }
    return 0;
}
