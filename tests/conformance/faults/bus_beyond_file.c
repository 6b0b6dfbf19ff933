// A load beyond the end of a mapped file.
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    char path[] = "/tmp/conformance.XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    return *p;
}
