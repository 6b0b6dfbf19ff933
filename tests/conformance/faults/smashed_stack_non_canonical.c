// A non-canonical stack pointer at a signal.
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
    __asm__ volatile("movabs $0x8000000000000000, %rax\n mov %rax, %rsp\n int3");
    return 0;
}
