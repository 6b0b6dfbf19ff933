// A fault with a stack pointer that leads nowhere: the handler cannot be entered.
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
    sigaction(SIGSEGV, &a, NULL);
    __asm__ volatile("mov $0x1000, %rsp\n push %rax");
    return 0;
}
