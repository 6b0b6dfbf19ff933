// The same with another signal: Linux then sends SIGSEGV.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void handler(int number)
{
    (void)number;
    _exit(1);
}

int main(void)
{
    struct sigaction a = { .sa_handler = handler };
    sigaction(SIGTRAP, &a, NULL);
    __asm__ volatile("mov $0x1000, %rsp\n int3");
    return 0;
}
