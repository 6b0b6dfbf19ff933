// A call into data.
#include <stddef.h>
#include <sys/mman.h>

int main(void)
{
    void (*f)(void) = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    f();
    return 0;
}
