// SIGXFSZ of a write beyond the limit.
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int main(void)
{
    char path[] = "/tmp/conformance.XXXXXX";
    int fd = mkstemp(path);
    unlink(path);
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_FSIZE, &none);
    return write(fd, "x", 1) == 1;
}
